/** A clock and the waiting by it, both in the test's hand: whoever sleeps wakes when the test has moved the clock that far. */
import { type Instant, instant } from "#kernel/clock.js"
import type { Sleep } from "#kernel/sleep.js"
import { TestClock } from "./test-clock.js"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

const patienceMs = 20_000

export class VirtualTime extends TestClock {
  readonly #sleepers = new Set<Sleeper>()

  readonly sleep: Sleep = (ms, signal) =>
    new Promise((resolve) => {
      const sleeper = { at: Date.parse(this.now()) + ms, wake: () => end() }
      const end = () => {
        this.#sleepers.delete(sleeper)
        signal.removeEventListener("abort", end)
        resolve()
      }
      if (signal.aborted) return resolve()
      signal.addEventListener("abort", end, { once: true })
      this.#sleepers.add(sleeper)
    })

  override advance(ms: number): void {
    super.advance(ms)
    const now = Date.parse(this.now())
    for (const { at, wake } of this.#sleepers) if (at <= now) wake()
  }

  /** Lets time pass, so much with each turn of the event loop, until the condition holds. */
  async passes(condition: () => boolean | Promise<boolean>, stepMs = 50): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`in vain until ${this.now()}: ${condition.toString()}`)
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      this.advance(stepMs)
    }
  }

  after(ms: number): Instant {
    return instant(Date.parse(this.now()) + ms)
  }
}
