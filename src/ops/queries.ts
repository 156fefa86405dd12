/** Queries that somebody saved under a name. */
import * as crypto from "node:crypto"
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Db } from "#sqlite/open.js"

export interface SavedQuery {
  readonly name: string
  readonly q: string
  readonly savedBy: string
  readonly savedAt: Instant
}

export type SavedQueries = ReturnType<typeof savedQueries>

export function savedQueries(db: Db, clock: Clock) {
  const all = db.prepare<[], SavedQuery>(
    "SELECT name, q, saved_by AS savedBy, saved_at AS savedAt FROM saved_queries ORDER BY name",
  )
  const put = db.prepare<[string, string, string, string]>("INSERT OR REPLACE INTO saved_queries VALUES (?, ?, ?, ?)")
  const remove = db.prepare<[string]>("DELETE FROM saved_queries WHERE name = ?")
  let edition = crypto.randomUUID()
  return {
    /** Another one whenever one was saved or deleted. */
    edition: () => edition,
    all: async (): Promise<readonly SavedQuery[]> => all.all(),
    /** In the place of one that has the name. */
    async save(name: string, q: string, savedBy: string): Promise<SavedQuery> {
      const savedAt = clock.now()
      put.run(name, q, savedBy, savedAt)
      edition = crypto.randomUUID()
      return { name, q, savedBy, savedAt }
    },
    /** @throws FleetError `NotFound` */
    async delete(name: string): Promise<void> {
      if (remove.run(name).changes === 0)
        throw new FleetError("NotFound", `no query is saved as "${name.slice(0, 80)}"`)
      edition = crypto.randomUUID()
    },
  }
}
