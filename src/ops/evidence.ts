/** By what each machine's record can be found again: an index over what looks saw last, learned anew from looks if it is lost. */
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export type EvidenceIndex = ReturnType<typeof evidenceIndex>

export function evidenceIndex(db: Db) {
  const of = db.prepare<[string], string>("SELECT key FROM evidence WHERE record_id = ? ORDER BY key").pluck()
  const remove = db.prepare<[string]>("DELETE FROM evidence WHERE record_id = ?")
  const add = db.prepare<[string, string]>("INSERT OR IGNORE INTO evidence VALUES (?, ?)")
  const sharing = db
    .prepare<[string, string], RecordId>(
      `SELECT DISTINCT record_id FROM evidence
       WHERE key IN (SELECT value FROM json_each(?)) AND record_id <> ? ORDER BY record_id`,
    )
    .pluck()
  const put = db.transaction((record: RecordId, keys: readonly string[]) => {
    remove.run(record)
    for (const key of keys) add.run(key, record)
  })
  return {
    /** Whether it is what was remembered. */
    isKnown: async (record: RecordId, keys: readonly string[]): Promise<boolean> =>
      keys.length > 0 && [...new Set(keys)].sort().join("\n") === of.all(record).join("\n"),

    /** Remembers what a record has now. */
    async put(record: RecordId, keys: readonly string[]): Promise<void> {
      put.immediate(record, keys)
    },

    /** Other records that have any of these. */
    sharing: async (record: RecordId, keys: readonly string[]): Promise<readonly RecordId[]> =>
      sharing.all(JSON.stringify(keys), record),
  }
}
