/**
 * What was seen of each record when it was decided upon last, as a digest, and the revision that this left: who sees the same of a record that is the same
 * need neither read nor decide. Losing it costs one look that does.
 */
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export interface DecidedUpon {
  readonly record: RecordId
  /** Of the record's stream, when there was nothing left to say. */
  readonly revision: number
  readonly digest: Uint8Array
}

export type Decided = ReturnType<typeof decided>

export function decided(db: Db) {
  const find = db
    .prepare<[string, Uint8Array], number>("SELECT revision FROM decided WHERE record_id = ? AND digest = ?")
    .pluck()
  const put = db.prepare<[string, number, Uint8Array]>("INSERT OR REPLACE INTO decided VALUES (?, ?, ?)")
  const clear = db.prepare("DELETE FROM decided")
  const putAll = db.transaction((all: readonly DecidedUpon[]) => {
    for (const { record, revision, digest } of all) put.run(record, revision, digest)
  })
  return {
    /** The revision that a record was left at when the same was seen of it; undefined when it was something else. */
    async revision(record: RecordId, digest: Uint8Array): Promise<number | undefined> {
      return find.get(record, digest)
    },
    async keep(all: readonly DecidedUpon[]): Promise<void> {
      putAll.immediate(all)
    },
    /** Whatever it was decided by is made anew. */
    async forget(): Promise<void> {
      clear.run()
    },
  }
}
