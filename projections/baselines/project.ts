/** What the fleet was meant to be like at each position. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE baselines (
    name TEXT NOT NULL,
    since INTEGER NOT NULL, -- position of the event that declared it
    until INTEGER, -- position of the event that withdrew it or declared it anew; NULL while it holds
    baseline TEXT NOT NULL, -- as the event has it
    actor TEXT NOT NULL,
    reason TEXT,
    time TEXT NOT NULL, -- when it was recorded
    PRIMARY KEY (name, since)
  ) STRICT, WITHOUT ROWID;`

export const baselinesProjection: Projection = { name: "baselines", version: 1, tables, projector }

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    "INSERT INTO baselines VALUES ($name, $since, NULL, $baseline, $actor, $reason, $time)",
  )
  const end = db.prepare<[number, string]>("UPDATE baselines SET until = ? WHERE name = ? AND until IS NULL")
  return (event) => {
    if (event.type !== "BaselineDeclared" && event.type !== "BaselineWithdrawn") return
    end.run(event.position, event.data.name)
    if (event.type === "BaselineWithdrawn") return
    insert.run({
      name: event.data.name,
      since: event.position,
      baseline: JSON.stringify(event.data.baseline),
      actor: event.metadata.actor,
      reason: event.metadata.reason ?? null,
      time: event.recordedAt,
    })
  }
}
