/**
 * Against guessing: whoever has shown so many wrong credentials from one address is not asked about new ones from there for a while. What was right from there
 * before goes on working, so that nobody can lock out others who share the address.
 */
import * as crypto from "node:crypto"
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"

export interface GuardRules {
  /** Wrong ones within `withinMs` that lock an address for `lockedMs`. */
  readonly wrong: number
  readonly withinMs: number
  readonly lockedMs: number
}

export const defaultGuardRules: GuardRules = { wrong: 10, withinMs: 60_000, lockedMs: 300_000 }

/** Of addresses, and of credentials that were right; the oldest are forgotten. */
const remembered = 10_000

export interface Guard {
  /** @throws FleetError `RateLimited` */
  admit(address: string, credential: string): void
  wasRight(address: string, credential: string): void
  wasWrong(address: string): void
}

export function guard(clock: Clock, { wrong, withinMs, lockedMs }: GuardRules = defaultGuardRules): Guard {
  const failures = new Map<string, { count: number; readonly since: number }>()
  const locked = new Map<string, number>()
  const right = new Set<string>()
  const now = () => epochMs(clock.now())

  return {
    admit(address, credential) {
      const until = locked.get(address)
      if (until === undefined) return
      if (until <= now()) locked.delete(address)
      else if (!right.has(keyOf(address, credential))) {
        throw new FleetError("RateLimited", "too many wrong tokens from here; try again later", {
          details: { retryAfterSeconds: Math.ceil((until - now()) / 1_000) },
        })
      }
    },

    wasRight(address, credential) {
      right.add(keyOf(address, credential))
      forgetOldest(right)
    },

    wasWrong(address) {
      const known = failures.get(address)
      const isRecent = known !== undefined && known.since + withinMs > now()
      const counted = isRecent ? known : { count: 0, since: now() }
      counted.count += 1
      failures.set(address, counted)
      if (counted.count >= wrong) {
        locked.set(address, now() + lockedMs)
        failures.delete(address)
      }
      forgetOldest(failures)
      forgetOldest(locked)
    },
  }
}

function keyOf(address: string, credential: string): string {
  return crypto.createHash("sha256").update(`${address}\n${credential}`).digest("base64url")
}

function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size <= remembered) return
  const [oldest] = kept.keys()
  if (oldest !== undefined) kept.delete(oldest)
}
