import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

/** A pair that may be of one machine. */
export interface Doubt {
  readonly records: readonly [RecordId, RecordId]
  /** Of the event that says so. */
  readonly position: Position
  readonly score: number
  readonly reasons: readonly string[]
}

interface DoubtRow {
  readonly a: RecordId
  readonly b: RecordId
  readonly position: Position
  readonly score: number
  readonly reasons: string
}

export type IdentityReader = ReturnType<typeof identityReader>

export function identityReader(db: Db) {
  const doubts = db.prepare<{ at: number }, DoubtRow>(
    `SELECT a, b, position, score, reasons FROM doubts d
     WHERE position = (SELECT max(position) FROM doubts WHERE a = d.a AND b = d.b AND position <= $at)
       AND NOT EXISTS (SELECT 1 FROM separations s WHERE s.a = d.a AND s.b = d.b AND s.position <= $at)
     ORDER BY score DESC, position`,
  )
  const separated = db
    .prepare<{ record: string; at: number }, RecordId>(
      `SELECT b FROM separations WHERE a = $record AND position <= $at
       UNION SELECT a FROM separations WHERE b = $record AND position <= $at`,
    )
    .pluck()
  return {
    /** The last doubt about every pair that nobody has separated, the strongest first; whether they are linked since, the inventory knows. */
    async doubts(at: Position): Promise<readonly Doubt[]> {
      return doubts
        .all({ at })
        .map(({ a, b, reasons, ...row }) => ({ ...row, records: [a, b], reasons: JSON.parse(reasons) as string[] }))
    },
    /** The records that somebody has said are of other machines than this one. */
    separatedFrom: async (record: string, at: Position): Promise<readonly RecordId[]> => separated.all({ record, at }),
  }
}
