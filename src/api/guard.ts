/**
 * Against guessing: whoever has shown so many wrong credentials from one address is not asked about new ones from there for a while. What was right from there
 * before goes on working, so that nobody can lock out others who share the address.
 */
import * as crypto from "node:crypto"
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"

export interface GuardRules {
  /** So many different wrong ones within `withinMs` lock an address for `lockedMs`: who shows the same again and again does not guess. */
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
  wasWrong(address: string, credential: string): void
  /** Whether it was right from there. */
  isRight(address: string, credential: string): boolean
}

export function guard(clock: Clock, { wrong, withinMs, lockedMs }: GuardRules = defaultGuardRules): Guard {
  const failures = new Map<string, { readonly different: Set<string>; readonly since: number }>()
  const locked = new Map<string, number>()
  const right = new Set<string>()
  const now = () => epochMs(clock.now())
  const begun = (address: string) => {
    const fresh = { different: new Set<string>(), since: now() }
    failures.set(address, fresh)
    return fresh
  }

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

    wasWrong(address, credential) {
      const known = failures.get(address)
      const isRecent = known !== undefined && known.since + withinMs > now()
      const { different } = isRecent ? known : begun(address)
      different.add(keyOf(address, credential))
      if (different.size >= wrong) {
        locked.set(address, now() + lockedMs)
        failures.delete(address)
      }
      forgetOldest(failures)
      forgetOldest(locked)
    },

    isRight: (address, credential) => right.has(keyOf(address, credential)),
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
