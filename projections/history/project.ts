/**
 * Which positions belong to whose history. The events themselves stay in the ledger; a target's history includes that of the services on it.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { changeTypes } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import { recordOf } from "../inventory/project.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    record_no INTEGER NOT NULL,
    target_no INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX changes_by_record ON changes (record_no, position);
  CREATE INDEX changes_by_target ON changes (target_no, position);`

/** Reads the inventory's records: it comes after that projection. */
export const historyProjection: Projection = { name: "history", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, string]>("INSERT INTO changes SELECT ?, no, target_no FROM records WHERE id = ?")
  const changes = new Set<string>(changeTypes)
  return (event) => {
    if (changes.has(event.type)) insert.run(event.position, recordOf(event.stream).id)
  }
}
