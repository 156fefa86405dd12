/** Which policy was in force from which position on. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `CREATE TABLE policies (position INTEGER PRIMARY KEY, policy TEXT NOT NULL) STRICT;`

export const policyProjection: Projection = { name: "policy", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, string]>("INSERT INTO policies VALUES (?, ?)")
  return (event) => {
    if (event.type === "PolicyAdopted") insert.run(event.position, JSON.stringify(event.data.policy))
  }
}
