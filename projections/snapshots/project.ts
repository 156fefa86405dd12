/** Which snapshots there were at each position, and which point each of them names. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE snapshots (
    taken INTEGER PRIMARY KEY, -- position of the event that named it
    deleted INTEGER, -- position of the event that freed the name; NULL while it stands
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    description TEXT,
    tags TEXT NOT NULL, -- JSON
    taken_by TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    position INTEGER NOT NULL, -- with \`time\` the point that it names
    time TEXT NOT NULL,
    expires_at TEXT
  ) STRICT;
  CREATE INDEX snapshots_by_name ON snapshots (name, taken);
  CREATE INDEX snapshots_that_expire ON snapshots (expires_at) WHERE deleted IS NULL AND expires_at IS NOT NULL;`

export const snapshotsProjection: Projection = { name: "snapshots", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    `INSERT INTO snapshots VALUES ($taken, NULL, $name, $type, $description, $tags, $by, $at, $position, $time, $expires)`,
  )
  const end = db.prepare<[number, string]>("UPDATE snapshots SET deleted = ? WHERE name = ? AND deleted IS NULL")
  return (event) => {
    if (event.type === "SnapshotTaken") {
      const { name, type, description = null, tags = [], position, time, expiresAt = null } = event.data
      insert.run({
        taken: event.position,
        name,
        type,
        description,
        tags: JSON.stringify(tags),
        by: event.metadata.actor,
        at: event.recordedAt,
        position,
        time,
        expires: expiresAt,
      })
    }
    if (event.type === "SnapshotDeleted") end.run(event.position, event.data.name)
  }
}
