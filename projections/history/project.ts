/**
 * Which positions belong to whose history. The events themselves stay in the ledger; a target's history includes that of the services on it.
 */
import { type RecordedEvent, changeTypes } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import { subjectOf } from "../inventory/patch-of.js"
import { recordNumbers } from "../inventory/record-numbers.js"
import type { Projection } from "../projection.js"

const tables = `
  -- Once under the record that changed and, if that is a service, once under its target.
  CREATE TABLE changes (
    record_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (record_no, position)
  ) STRICT, WITHOUT ROWID;`

/** Reads the inventory's records: it comes after that projection. The fleet's own history is the inventory's `touched`, in order. */
export const historyProjection: Projection = { name: "history", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, number]>("INSERT INTO changes VALUES (?, ?)")
  const numbers = recordNumbers(db)
  const changes = new Set<string>(changeTypes)
  return (event) => {
    const { type, position } = event
    if (!changes.has(type)) return
    const record = numbers(subjectOf(event))
    if (record === undefined) return
    insert.run(record.no, position)
    if (record.targetNo !== record.no) insert.run(record.targetNo, position)
  }
}
