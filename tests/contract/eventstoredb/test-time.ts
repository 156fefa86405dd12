/** Time in the test's hand for one instance: it passes when the test says so, and the test sees who waits for it. */
import type { Timings } from "#ledger/eventstoredb/timings.js"

interface Sleeper {
  readonly ms: number
  readonly due: number
  readonly wake: () => void
}

export class TestTime implements Pick<Timings, "sleep" | "monotonic"> {
  readonly #sleepers = new Set<Sleeper>()
  #now = 0

  readonly monotonic = (): number => this.#now

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted || ms <= 0) return resolve()
      const wake = () => {
        this.#sleepers.delete(sleeper)
        signal.removeEventListener("abort", wake)
        resolve()
      }
      const sleeper = { ms, due: this.#now + ms, wake }
      this.#sleepers.add(sleeper)
      signal.addEventListener("abort", wake, { once: true })
    })

  /** Whether somebody began to wait for just so long and still does. */
  isWaitedFor(ms: number): boolean {
    return [...this.#sleepers].some((sleeper) => sleeper.ms === ms)
  }

  advance(ms: number): void {
    this.#now += ms
    for (const { due, wake } of this.#sleepers) if (due <= this.#now) wake()
  }
}
