/** What each source did and with what coverage: the runs that the ledger holds. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE runs (
    position INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL, -- completed | failed
    run_id TEXT,
    actor TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    account TEXT NOT NULL -- JSON: coverage and counts, or code and message
  ) STRICT;
  CREATE INDEX runs_by_source ON runs (source, position);
  CREATE INDEX runs_by_id ON runs (run_id);`

export const runsProjection: Projection = { name: "runs", version: 2, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, string, string, string | null, string, string, string, string]>(
    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  )
  return (event) => {
    if (event.type !== "DiscoveryCompleted" && event.type !== "DiscoveryFailed") return
    const { source, startedAt, ...account } = event.data
    const outcome = event.type === "DiscoveryCompleted" ? "completed" : "failed"
    const { runId = null, actor } = event.metadata
    const text = JSON.stringify(account)
    insert.run(event.position, source, outcome, runId, actor, startedAt, event.observedAt, text)
  }
}
