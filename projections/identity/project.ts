/** Pairs of records that may be of one machine, and pairs that somebody has said are not. Which are linked, the inventory has. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  -- \`a\` is the lesser id of the two.
  CREATE TABLE doubts (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    position INTEGER NOT NULL,
    score REAL NOT NULL,
    reasons TEXT NOT NULL, -- JSON
    PRIMARY KEY (a, b, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE separations (a TEXT NOT NULL, b TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;`

export const identityProjection: Projection = { name: "identity", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const doubt = db.prepare<[string, string, number, number, string]>("INSERT INTO doubts VALUES (?, ?, ?, ?, ?)")
  const separate = db.prepare<[string, string, number]>("INSERT OR IGNORE INTO separations VALUES (?, ?, ?)")
  return (event) => {
    if (event.type === "RecordsDoubted") {
      const { records, score, reasons } = event.data
      doubt.run(...ordered(records), event.position, score, JSON.stringify(reasons))
    }
    if (event.type === "RecordsSeparated") separate.run(...ordered(event.data.records), event.position)
  }
}

function ordered([a, b]: readonly [string, string]): [string, string] {
  return a < b ? [a, b] : [b, a]
}
