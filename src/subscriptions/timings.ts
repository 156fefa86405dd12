/** How long the engine waits, and for what. Handed in as a whole, so that tests pass through hours without waiting. */
import { type Sleep, sleep } from "#kernel/sleep.js"

export interface Timings {
  readonly sleep: Sleep
  /** From 0 to below 1, for jitter. */
  readonly random: () => number
  /** How often a handler tries an event in all. */
  readonly attempts: number
  /** Milliseconds before its second attempt; each wait after that is twice as long, `longestWaitMs` at most. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** How long whoever stops a subscription waits for what is at hand. */
  readonly drainMs: number
}

export const defaultTimings: Timings = {
  sleep,
  random: Math.random,
  attempts: 5,
  firstWaitMs: 500,
  longestWaitMs: 30_000,
  drainMs: 10_000,
}

/**
 * Milliseconds to wait after so many failures (from 1): doubling, and of that between a half and all, so that those who failed together do not come
 * back together.
 */
export function backOff({ firstWaitMs, longestWaitMs, random }: Timings, failures: number): number {
  const whole = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
  return Math.round((whole * (1 + random())) / 2)
}
