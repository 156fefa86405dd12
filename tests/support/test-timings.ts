/** Timings in the test's hand: back-off takes no time and is written down, and the patience of who stops something ends when the test says so. */
import type { Timings } from "#subscriptions/timings.js"

export class TestTimings implements Timings {
  readonly attempts = 3
  readonly firstWaitMs = 100
  readonly longestWaitMs = 1_000
  readonly drainMs = 10_000
  /** Of all back-off so far, in milliseconds. */
  readonly waits: number[] = []
  /** Called when a wait for back-off begins; it lasts as long as this takes, or until it is aborted. */
  onWait = async (): Promise<void> => {}
  readonly #patient = new Set<() => void>()

  readonly random = () => 0

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (ms !== this.drainMs) this.waits.push(ms)
    const over = ms === this.drainMs ? new Promise<void>((resolve) => this.#patient.add(resolve)) : this.onWait()
    let end = () => {}
    const aborted = new Promise<void>((resolve) => (end = resolve))
    signal.addEventListener("abort", end, { once: true })
    await Promise.race([aborted, over])
    signal.removeEventListener("abort", end)
  }

  /** Whoever waits for a batch to be finished waits no longer. */
  losePatience(): void {
    for (const resolve of this.#patient) resolve()
    this.#patient.clear()
  }
}
