/**
 * Which positions belong to whose history. The events themselves stay in the ledger; a target's history includes that of the services on it.
 */
import { type RecordedEvent, changeTypes } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import { recordNumbers } from "../inventory/record-numbers.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE changes (position INTEGER PRIMARY KEY) STRICT;
  -- Once under the record that changed and, if that is a service, once under its target.
  CREATE TABLE changes_of (
    record_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (record_no, position)
  ) STRICT, WITHOUT ROWID;`

/** Reads the inventory's records: it comes after that projection. */
export const historyProjection: Projection = { name: "history", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number]>("INSERT INTO changes VALUES (?)")
  const insertOf = db.prepare<[number, number]>("INSERT INTO changes_of VALUES (?, ?)")
  const numbers = recordNumbers(db)
  const changes = new Set<string>(changeTypes)
  return ({ type, stream, position }) => {
    if (!changes.has(type)) return
    const record = numbers(stream)
    if (record === undefined) return
    insert.run(position)
    insertOf.run(record.no, position)
    if (record.targetNo !== record.no) insertOf.run(record.targetNo, position)
  }
}
