/** Time comes in as an argument: everything that needs "now" is handed a clock, so tests and simulations can own it. */

/** RFC 3339 in UTC with milliseconds, always 24 characters: sorts as text in the order of time. */
export type Instant = string & { readonly __brand: "Instant" }

export interface Clock {
  now(): Instant
}

export function instant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}

export function epochMs(time: Instant): number {
  return Date.parse(time)
}

export const systemClock: Clock = { now: () => instant(Date.now()) }
