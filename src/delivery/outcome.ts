/** What came of an attempt, and what follows from it. */
import { type Instant, epochMs } from "#kernel/clock.js"

export type Outcome =
  | { readonly is: "taken" }
  /** The receiver will never take it: tried again, it would be refused again. */
  | { readonly is: "refused"; readonly why: string }
  | {
      readonly is: "failed"
      readonly why: string
      /** Whether it is the receiver that is not there, or wants to be left alone, whatever the message. */
      readonly ofChannel: boolean
      /** Milliseconds, if the receiver said how long. */
      readonly retryAfterMs?: number | undefined
    }

/** Of 4xx, those that say "not now". */
const notNow = new Set([408, 409, 425, 429])
/** Those that say "not you", or "not here": whoever set the channel up can mend it, and no message is to blame. */
const ofSetUp = new Set([401, 403, 404, 407, 410])

export function outcomeOf(status: number, retryAfterMs: number | undefined): Outcome {
  if (status >= 200 && status < 300) return { is: "taken" }
  const why = `it answered ${status}`
  if (ofSetUp.has(status)) return { is: "failed", why, ofChannel: true, retryAfterMs }
  if (status >= 400 && status < 500 && !notNow.has(status)) return { is: "refused", why }
  if (status < 400) return { is: "failed", why: `${why}, which leads elsewhere and is not followed`, ofChannel: false }
  return { is: "failed", why, ofChannel: status === 429 || retryAfterMs !== undefined, retryAfterMs }
}

/** No receiver puts off messages for longer by its word alone. */
const longestMs = 3_600_000

/** Milliseconds of a `Retry-After`: seconds or a date. Undefined if it says nothing that can be read. */
export function retryAfter(header: string | undefined, now: Instant): number | undefined {
  const text = header?.trim() ?? ""
  const isDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : isDate ? Date.parse(text) - epochMs(now) : Number.NaN
  return Number.isFinite(ms) ? Math.min(longestMs, Math.max(0, ms)) : undefined
}

export interface BackOff {
  /** From 0 to below 1. */
  readonly random: () => number
  readonly firstMs: number
  readonly longestMs: number
}

export const defaultBackOff: BackOff = { random: Math.random, firstMs: 1_000, longestMs: 900_000 }

/** Milliseconds to wait after so many failures (from 1): doubling, and of that between a half and all; no less than the receiver said. */
export function waitAfter(failures: number, retryAfterMs: number | undefined, backOff: BackOff): number {
  const whole = Math.min(backOff.longestMs, backOff.firstMs * 2 ** Math.min(failures - 1, 40))
  return Math.max(Math.round((whole * (1 + backOff.random())) / 2), retryAfterMs ?? 0)
}
