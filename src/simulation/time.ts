/** Simulated time: milliseconds since a beginning that is always the same, so that the same seed is the same fleet on the same days. */
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** So long ago that a year of it is over: what is recorded in earnest after it is later. */
export const beginning: Instant = instant(Date.UTC(2025, 0, 1))

export function sinceBeginning(at: Instant): number {
  return epochMs(at) - epochMs(beginning)
}

/** Stands still until it is moved. */
export class SimulatedClock implements Clock {
  #now = beginning

  now(): Instant {
    return this.#now
  }

  /** @param time milliseconds since the beginning */
  moveTo(time: number): void {
    this.#now = instant(epochMs(beginning) + time)
  }
}
