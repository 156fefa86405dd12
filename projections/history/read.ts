/** Pages of history as positions; the events are read from the ledger. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface HistoryPage {
  /** Exclusive: the page holds what came before it. */
  readonly before: Position
  /** Inclusive. */
  readonly from: Position
  readonly limit: number
  /** Of these records; a target's includes what runs on it. */
  readonly recordNos?: readonly number[]
}

export type HistoryReader = ReturnType<typeof historyReader>

export function historyReader(db: Db) {
  const ofRecord = db
    .prepare<{ no: number; from: number; before: number; limit: number }, Position>(
      `SELECT position FROM changes WHERE record_no = $no AND position >= $from AND position < $before
       ORDER BY position DESC LIMIT $limit`,
    )
    .pluck()
  const ofAll = db
    .prepare<{ from: number; before: number; limit: number }, Position>(
      `SELECT DISTINCT position FROM touched WHERE position >= $from AND position < $before
       ORDER BY position DESC LIMIT $limit`,
    )
    .pluck()

  return {
    /** Positions of changes, newest first. */
    async page({ before, from, limit, recordNos }: HistoryPage): Promise<readonly Position[]> {
      if (recordNos === undefined) return ofAll.all({ before, from, limit })
      const [first = [], ...others] = recordNos.map((no) => ofRecord.all({ no, before, from, limit }))
      return others.length === 0 ? first : [...new Set([first, ...others].flat())].sort((a, b) => b - a).slice(0, limit)
    },
  }
}
