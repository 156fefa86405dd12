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
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
    if (ms === this.drainMs) {
      await Promise.race([aborted, new Promise<void>((resolve) => this.#patient.add(resolve))])
      return
    }
    this.waits.push(ms)
    await Promise.race([aborted, this.onWait()])
  }

  /** Whether somebody waits for a batch to be finished. */
  get isDraining(): boolean {
    return this.#patient.size > 0
  }

  losePatience(): void {
    for (const resolve of this.#patient) resolve()
    this.#patient.clear()
  }
}
