/** When tries count: what so many in a row say, and what was not so already. */
import type { CheckStatus } from "#events/check.js"

/** Tries in a row that say something else than what stands. */
export interface Streak {
  readonly status: CheckStatus
  readonly tries: number
}

export interface Judgement {
  /** Undefined while everything is as it is told. */
  readonly streak: Streak | undefined
  /** Whether it is to be told. */
  readonly agreed: boolean
}

/** @param standing what was told last @param wanted tries in a row that have to agree, from 1 */
export function agree(
  standing: CheckStatus,
  streak: Streak | undefined,
  status: CheckStatus,
  wanted: number,
): Judgement {
  if (status === standing) return { streak: undefined, agreed: false }
  const tries = streak?.status === status ? streak.tries + 1 : 1
  return tries < wanted ? { streak: { status, tries }, agreed: false } : { streak: undefined, agreed: true }
}
