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
    account_no INTEGER NOT NULL
  ) STRICT;
  -- What runs say of themselves, one that says the same as the one before it once: where nothing happens it is the same, hour by hour.
  CREATE TABLE accounts (
    no INTEGER PRIMARY KEY,
    text TEXT NOT NULL -- JSON: coverage and counts, or code and message
  ) STRICT;
  CREATE INDEX runs_by_source ON runs (source, position);
  CREATE INDEX runs_by_id ON runs (run_id);`

export const runsProjection: Projection = { name: "runs", version: 3, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<[number, string, string, string | null, string, string, string, number | bigint]>(
    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  )
  const insertAccount = db.prepare<[string]>("INSERT INTO accounts (text) VALUES (?)")
  const accountBefore = db.prepare<[string], { no: number; text: string }>(
    "SELECT no, text FROM runs JOIN accounts ON no = account_no WHERE source = ? ORDER BY position DESC LIMIT 1",
  )
  const accountOf = (source: string, text: string) => {
    const before = accountBefore.get(source)
    return before?.text === text ? before.no : insertAccount.run(text).lastInsertRowid
  }
  return (event) => {
    if (event.type !== "DiscoveryCompleted" && event.type !== "DiscoveryFailed") return
    const { source, startedAt, ...account } = event.data
    const outcome = event.type === "DiscoveryCompleted" ? "completed" : "failed"
    const { runId = null, actor } = event.metadata
    const no = accountOf(source, JSON.stringify(account))
    insert.run(event.position, source, outcome, runId, actor, startedAt, event.observedAt, no)
  }
}
