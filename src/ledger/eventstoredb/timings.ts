/** How long the engine waits, and for what. Handed in as a whole, so that tests need not wait as long. All in milliseconds. */
import { type Sleep, sleep } from "#kernel/sleep.js"

export interface Timings {
  readonly sleep: Sleep
  /** From 0 to below 1, for jitter. */
  readonly random: () => number
  /** A clock that nobody sets, in milliseconds from anywhere. */
  readonly monotonic: () => number
  /** For the answer to one call. */
  readonly callMs: number
  /** For an append in all, however often it is sent. */
  readonly appendMs: number
  /** For an event that was written to come back; after that the subscription is taken for dead. */
  readonly copyMs: number
  /** Without a word from the subscription; after that there is a new one. */
  readonly silenceMs: number
  /** For a cluster to be reached when the ledger is opened. */
  readonly openMs: number
  /** Before the second attempt; each wait after that is twice as long, `longestWaitMs` at most. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** How long the lease is good for without being renewed; it is renewed three times as often. */
  readonly leaseMs: number
  /** What others wait beyond that, for clocks that run at other speeds. */
  readonly leaseMarginMs: number
}

export const defaultTimings: Timings = {
  sleep,
  random: Math.random,
  monotonic: () => performance.now(),
  callMs: 5_000,
  appendMs: 30_000,
  copyMs: 5_000,
  silenceMs: 60_000,
  openMs: 10_000,
  firstWaitMs: 100,
  longestWaitMs: 10_000,
  leaseMs: 15_000,
  leaseMarginMs: 3_000,
}

/** Milliseconds to wait after so many failures (from 1): doubling, and of that between a half and all. */
export function backOff({ firstWaitMs, longestWaitMs, random }: Timings, failures: number): number {
  const whole = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30))
  return Math.round((whole * (1 + random())) / 2)
}

/** Settles as `work` does, or rejects with what `late` makes after so many milliseconds; the work is left to itself then. */
export async function within<T>(
  { sleep: wait }: Pick<Timings, "sleep">,
  ms: number,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  const done = new AbortController()
  const tooLate = wait(ms, done.signal).then((): T => {
    throw late()
  })
  try {
    return await Promise.race([work, tooLate])
  } finally {
    done.abort()
  }
}
