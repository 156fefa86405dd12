/** Pages of history as positions; the events are read from the ledger. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface HistoryPage {
  /** Exclusive: the page holds what came before it. */
  readonly before: Position
  /** Inclusive. */
  readonly from: Position
  readonly limit: number
  readonly recordNo?: number
  /** Include what runs on it, when the record is a target. */
  readonly withServices?: boolean
}

export type HistoryReader = ReturnType<typeof historyReader>

export function historyReader(db: Db) {
  const select = (column: string) =>
    db
      .prepare<{ no: number; from: number; before: number; limit: number }, Position>(
        `SELECT position FROM changes WHERE ${column} = $no AND position >= $from AND position < $before
         ORDER BY position DESC LIMIT $limit`,
      )
      .pluck()
  const ofRecord = select("record_no")
  const ofTarget = select("target_no")
  const ofAll = db
    .prepare<{ from: number; before: number; limit: number }, Position>(
      "SELECT position FROM changes WHERE position >= $from AND position < $before ORDER BY position DESC LIMIT $limit",
    )
    .pluck()

  return {
    /** Positions of changes, newest first. */
    async page({ before, from, limit, recordNo, withServices = false }: HistoryPage): Promise<readonly Position[]> {
      if (recordNo === undefined) return ofAll.all({ before, from, limit })
      return (withServices ? ofTarget : ofRecord).all({ no: recordNo, before, from, limit })
    },
  }
}
