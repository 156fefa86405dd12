/** A clock that stands still until a test moves it, forwards or back. */
import { type Clock, type Instant, instant } from "#kernel/clock.js"

/** A time as it would be written: checks that it is one, which an assertion of its type would not. */
export function time(text: string): Instant {
  return instant(Date.parse(text))
}

export class TestClock implements Clock {
  #ms: number

  constructor(start = "2026-11-23T14:00:00.000Z") {
    this.#ms = Date.parse(start)
  }

  now(): Instant {
    return instant(this.#ms)
  }

  /** Moves on by so many milliseconds; a negative number is a clock that was set back. */
  advance(ms: number): void {
    this.#ms += ms
  }
}
