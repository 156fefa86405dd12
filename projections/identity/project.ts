/** Pairs of records that may be of one machine, and what people have said of pairs. Which are linked, the inventory has. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  -- \`a\` is the lesser id of the two.
  CREATE TABLE doubts (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (a, b, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE said (
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    position INTEGER NOT NULL,
    word TEXT NOT NULL, -- linked | separated
    PRIMARY KEY (a, b, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX said_of_b ON said (b);`

export const identityProjection: Projection = { name: "identity", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const doubt = db.prepare<[string, string, number]>("INSERT INTO doubts VALUES (?, ?, ?)")
  // One event may say the same of a pair twice.
  const say = db.prepare<[string, string, number, string]>("INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?)")
  return (event) => {
    if (event.type === "RecordsDoubted") doubt.run(...ordered(event.data.records), event.position)
    if (event.type === "RecordsSeparated") say.run(...ordered(event.data.records), event.position, "separated")
    // Evidence gives a score, a person none.
    if (event.type === "RecordsLinked" && event.data.score === undefined) {
      say.run(...ordered([event.data.record, event.data.target]), event.position, "linked")
    }
  }
}

export function ordered([a, b]: readonly [string, string]): [string, string] {
  return a < b ? [a, b] : [b, a]
}
