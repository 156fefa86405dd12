/** What each check said of its place at each position. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE checks (
    id TEXT NOT NULL, -- of the check at its place, as its stream has it
    since INTEGER NOT NULL, -- position of the event that said so
    until INTEGER, -- position of the event that ended it; NULL while it holds
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    about_kind TEXT, -- of the entity that it says something of
    about_id TEXT,
    status TEXT NOT NULL,
    detail TEXT,
    time TEXT NOT NULL, -- when it was recorded
    PRIMARY KEY (id, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX checks_that_stand ON checks (id) WHERE until IS NULL;
  CREATE INDEX checks_by_entity ON checks (about_id, since) WHERE about_id IS NOT NULL;`

export const checksProjection: Projection = { name: "checks", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    "INSERT INTO checks VALUES ($id, $since, NULL, $name, $kind, $aboutKind, $aboutId, $status, $detail, $time)",
  )
  const end = db.prepare<[number, string]>("UPDATE checks SET until = ? WHERE id = ? AND until IS NULL")
  return (event) => {
    if (event.type !== "CheckStatusChanged" && event.type !== "CheckEnded") return
    const id = event.stream.slice(event.stream.indexOf("-") + 1)
    end.run(event.position, id)
    if (event.type === "CheckEnded") return
    const { check, kind, about, to, detail = null } = event.data
    insert.run({
      id,
      since: event.position,
      name: check,
      kind,
      aboutKind: about?.kind ?? null,
      aboutId: about?.id ?? null,
      status: to,
      detail,
      time: event.recordedAt,
    })
  }
}
