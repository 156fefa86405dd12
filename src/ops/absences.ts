/** How often in a row complete looks have missed a record. Losing the count only puts a retirement off. */
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export type Absences = ReturnType<typeof absences>

export function absences(db: Db) {
  const miss = db
    .prepare<[string], number>(
      "INSERT INTO absences VALUES (?, 1) ON CONFLICT DO UPDATE SET looks = looks + 1 RETURNING looks",
    )
    .pluck()
  const clear = db.prepare<[string]>("DELETE FROM absences WHERE record_id = ?")
  const clearAll = db.transaction((records: readonly RecordId[]) => {
    for (const record of records) clear.run(record)
  })
  return {
    /** Counts one more miss and returns how many there are now. */
    async missed(record: RecordId): Promise<number> {
      return miss.get(record) ?? 1
    },
    async seen(records: readonly RecordId[]): Promise<void> {
      clearAll(records)
    },
  }
}
