/** Changes that were said to come, as of a position, and what they cover. */
import type { EventData } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Intent extends EventData<"ChangeExpected"> {
  readonly id: string
  /** Position and time of the event that said so. */
  readonly since: Position
  readonly time: Instant
  /** Who said so, why, and where that was decided. */
  readonly actor: string
  readonly reason: string | null
  readonly ticket: string | null
}

/** What of a change an intent covers, if it is about that entity. */
export interface IntentMatch {
  readonly intent: Intent
  /** Of the field; empty for the whole. */
  readonly path: string
  readonly recordNo: number
}

/** With the change that it is of. */
export interface Covered extends IntentMatch {
  readonly position: Position
}

interface Row extends Pick<Intent, "id" | "since" | "time" | "actor" | "reason" | "ticket"> {
  readonly intent: string
}

const columns = "i.id, i.since, i.time, i.actor, i.reason, i.ticket, i.intent"
const holds = "i.since <= $at AND (i.until IS NULL OR i.until > $at)"

export type IntentsReader = ReturnType<typeof intentsReader>

export function intentsReader(db: Db) {
  const page = db.prepare<{ at: number; before: number; limit: number; openAt: string | null }, Row>(
    `SELECT ${columns} FROM intents i WHERE ${holds} AND i.since < $before
       AND ($openAt IS NULL OR json_extract(i.intent, '$.until') >= $openAt) ORDER BY i.since DESC LIMIT $limit`,
  )
  const one = db.prepare<{ id: string; at: number }, Row>(
    `SELECT ${columns} FROM intents i WHERE i.id = $id AND ${holds}`,
  )
  const matches = db.prepare<[number], Row & { path: string; recordNo: number }>(
    `SELECT ${columns}, m.path AS path, m.record_no AS recordNo FROM intent_matches m JOIN intents i ON i.id = m.intent
     WHERE m.position = ? ORDER BY i.since, m.path`,
  )
  const earlier = db
    .prepare<[string, number, string, number], Position>(
      "SELECT position FROM intent_matches WHERE intent = ? AND record_no = ? AND path = ? AND position < ? ORDER BY position",
    )
    .pluck()
  const covered = db.prepare<[string, number, number], Omit<Covered, "intent">>(
    `SELECT position, path, record_no AS recordNo FROM intent_matches
     WHERE intent = ? AND position <= ? ORDER BY position, path LIMIT ?`,
  )
  return {
    /**
     * Newest first.
     * @param before the position that the page ends before
     * @param openAt only those whose time was not over then
     */
    page: async (at: Position, before: Position, limit: number, openAt?: Instant): Promise<readonly Intent[]> =>
      page.all({ at, before, limit, openAt: openAt ?? null }).map(intentOf),

    async one(id: string, at: Position): Promise<Intent | undefined> {
      const row = one.get({ id, at })
      return row && intentOf(row)
    },

    /** Of the change at a position, oldest intents first. */
    matches: async (position: Position): Promise<readonly IntentMatch[]> =>
      matches.all(position).map(({ path, recordNo, ...row }) => ({ intent: intentOf(row), path, recordNo })),

    /** What it covers of changes up to a position, oldest first; so many at most. */
    coveredBy: async (intent: Intent, at: Position, limit: number): Promise<readonly Covered[]> =>
      covered.all(intent.id, at, limit).map((row) => ({ ...row, intent })),

    /** Changes before a position of which the intent covers the same. */
    earlier: async ({ intent, path, recordNo }: IntentMatch, before: Position): Promise<readonly Position[]> =>
      earlier.all(intent.id, recordNo, path, before),
  }
}

function intentOf({ intent, ...row }: Row): Intent {
  return { ...(JSON.parse(intent) as EventData<"ChangeExpected">), ...row }
}
