import { type Policy, policy } from "#events/policy.js"
import { recent } from "#kernel/recent.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export type PolicyReader = ReturnType<typeof policyReader>

export function policyReader(db: Db) {
  const inForce = db
    .prepare<[number], string>("SELECT policy FROM policies WHERE position <= ? ORDER BY position DESC LIMIT 1")
    .pluck()
  const understood = recent((text: string): Policy => policy.parse(JSON.parse(text)))
  return {
    /** Undefined before the first was adopted. One of before there was some rule has that rule's default. */
    async at(position: Position): Promise<Policy | undefined> {
      const text = inForce.get(position)
      return text === undefined ? undefined : understood(text)
    },
  }
}
