/** Times in which trouble is no news, as they were planned and ended. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE maintenance (
    id TEXT PRIMARY KEY,
    planned INTEGER NOT NULL, -- position
    ended INTEGER, -- position of the event that ended it before its time
    q TEXT, -- of which machines, in the query language
    begins TEXT NOT NULL,
    ends TEXT NOT NULL,
    planned_by TEXT NOT NULL,
    reason TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX maintenance_by_end ON maintenance (ends);`

export const maintenanceProjection: Projection = { name: "maintenance", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    "INSERT INTO maintenance VALUES ($id, $planned, NULL, $q, $begins, $ends, $by, $reason)",
  )
  const end = db.prepare<[number, string]>("UPDATE maintenance SET ended = ? WHERE id = ? AND ended IS NULL")
  return (event) => {
    const id = event.stream.slice(event.stream.indexOf("-") + 1)
    if (event.type === "MaintenanceEnded") end.run(event.position, id)
    if (event.type !== "MaintenancePlanned") return
    const { where = null, from, until } = event.data
    const { actor, reason = null } = event.metadata
    insert.run({ id, planned: event.position, q: where, begins: from, ends: until, by: actor, reason })
  }
}
