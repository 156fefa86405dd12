/** How a service's state has changed of late, and how often since it began to flap. Losing it only puts a beginning or an end off. */
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export interface Changes {
  /** After the last one. */
  readonly state: string
  /** When, oldest first: those that a conclusion is still to be drawn from. */
  readonly times: readonly Instant[]
  /** How many were counted and not told. */
  readonly untold: number
}

export type StateChanges = ReturnType<typeof stateChanges>

export function stateChanges(db: Db) {
  const read = db.prepare<[string], { state: string; times: string; untold: number }>(
    "SELECT state, times, untold FROM state_changes WHERE record_id = ?",
  )
  const write = db.prepare<[string, string, string, number]>("INSERT OR REPLACE INTO state_changes VALUES (?, ?, ?, ?)")
  const clear = db.prepare<[string]>("DELETE FROM state_changes WHERE record_id = ?")
  return {
    async of(record: RecordId): Promise<Changes | undefined> {
      const row = read.get(record)
      return row && { ...row, times: JSON.parse(row.times) as Instant[] }
    },
    async keep(record: RecordId, { state, times, untold }: Changes): Promise<void> {
      write.run(record, state, JSON.stringify(times), untold)
    },
    async forget(record: RecordId): Promise<void> {
      clear.run(record)
    },
  }
}
