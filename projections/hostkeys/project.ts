/** Which ssh host keys people have said are trusted. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE host_keys (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    key TEXT NOT NULL
  ) STRICT;
  CREATE INDEX host_keys_by_name ON host_keys (name, algorithm, position);`

export const hostKeysProjection: Projection = { name: "host keys", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, string, string, string]>("INSERT INTO host_keys VALUES (?, ?, ?, ?)")
  return ({ type, data, position }) => {
    if (type === "HostKeyTrusted") insert.run(position, data.name, data.algorithm, data.key)
  }
}
