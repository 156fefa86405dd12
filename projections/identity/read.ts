import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { ordered } from "./project.js"

/** A pair that may be of one machine. */
export type Pair = readonly [RecordId, RecordId]

export type IdentityReader = ReturnType<typeof identityReader>

export function identityReader(db: Db) {
  const doubts = db.prepare<{ at: number }, { a: RecordId; b: RecordId }>(
    "SELECT a, b FROM doubts WHERE position <= $at GROUP BY a, b ORDER BY max(position) DESC",
  )
  const doubted = db
    .prepare<[string, string, number], number>("SELECT count(*) FROM doubts WHERE a = ? AND b = ? AND position <= ?")
    .pluck()
  const said = db.prepare<{ record: string; at: number }, { other: RecordId; word: "linked" | "separated" }>(
    `SELECT CASE WHEN a = $record THEN b ELSE a END AS other, word FROM said
     WHERE (a = $record OR b = $record) AND position <= $at ORDER BY position`,
  )
  return {
    /** Pairs that were ever doubtful by then, the last first; what became of them since is for the reader to find out. */
    async doubts(at: Position): Promise<readonly Pair[]> {
      return doubts.all({ at }).map(({ a, b }): Pair => [a, b])
    },
    async isDoubted(pair: Pair, at: Position): Promise<boolean> {
      return (doubted.get(...ordered(pair), at) ?? 0) > 0
    },
    /** What people said last of a record and each other one. */
    async saidOf(record: string, at: Position): Promise<ReadonlyMap<RecordId, "linked" | "separated">> {
      return new Map(said.all({ record, at }).map(({ other, word }) => [other, word]))
    },
  }
}
