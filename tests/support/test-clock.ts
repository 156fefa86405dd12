/** A clock that stands still until a test moves it, forwards or back. */
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"

export class TestClock implements Clock {
  #ms: number

  constructor(start = "2026-11-23T14:00:00.000Z") {
    this.#ms = epochMs(start as Instant)
  }

  now(): Instant {
    return instant(this.#ms)
  }

  /** Moves on by so many milliseconds; a negative number is a clock that was set back. */
  advance(ms: number): void {
    this.#ms += ms
  }
}
