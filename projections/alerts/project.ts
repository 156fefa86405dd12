/** Alerts, and how each stood at each position. */
import type { EventOf, RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"
import { subjectOf } from "./subject.js"

const tables = `
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    raised INTEGER NOT NULL, -- position
    raised_at TEXT NOT NULL,
    rule TEXT NOT NULL,
    title TEXT NOT NULL,
    subject TEXT NOT NULL, -- what it is about, as one text
    about TEXT NOT NULL, -- JSON
    about_id TEXT,
    cause INTEGER NOT NULL, -- position
    count INTEGER NOT NULL,
    over INTEGER -- position of what it was resolved because of; NULL as long as it is not
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alerts_by_position ON alerts (raised);
  CREATE INDEX alerts_by_subject ON alerts (rule, subject, cause);
  CREATE INDEX alerts_open ON alerts (rule, subject) WHERE over IS NULL;
  CREATE INDEX alerts_open_by_entity ON alerts (about_id) WHERE over IS NULL;
  CREATE INDEX alerts_by_end ON alerts (over) WHERE over IS NOT NULL;
  CREATE INDEX alerts_by_entity ON alerts (about_id) WHERE about_id IS NOT NULL;
  CREATE TABLE alert_states (
    id TEXT NOT NULL,
    since INTEGER NOT NULL, -- position of the event that made it so
    until INTEGER, -- position of the event that ended it; NULL while it holds
    time TEXT NOT NULL, -- when it was recorded
    severity TEXT NOT NULL,
    step INTEGER NOT NULL, -- of its escalation; 0 before the first
    acknowledged_by TEXT,
    silenced_until TEXT,
    resolved TEXT, -- mended | hand | withdrawn
    PRIMARY KEY (id, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alerts_that_stand ON alert_states (id) WHERE until IS NULL AND resolved IS NULL;`

export const alertsProjection: Projection = { name: "alerts", version: 2, tables, projector }

interface State {
  readonly severity: string
  readonly step: number
  readonly acknowledgedBy: string | null
  readonly silencedUntil: string | null
  readonly resolved: string | null
}

type AlertEvent = RecordedEvent &
  EventOf<"AlertAcknowledged" | "AlertSilenced" | "AlertEscalated" | "AlertResolved" | "AlertRaised">

function projector(db: Db): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    "INSERT OR IGNORE INTO alerts VALUES ($id, $raised, $time, $rule, $title, $subject, $about, $aboutId, $cause, $count, NULL)",
  )
  const last = db.prepare<[string], State>(
    `SELECT severity, step, acknowledged_by AS acknowledgedBy, silenced_until AS silencedUntil, resolved
     FROM alert_states WHERE id = ? AND until IS NULL`,
  )
  const end = db.prepare<[number, string]>("UPDATE alert_states SET until = ? WHERE id = ? AND until IS NULL")
  const begin = db.prepare<Record<string, string | number | null>>(
    `INSERT INTO alert_states VALUES ($id, $since, NULL, $time, $severity, $step, $acknowledgedBy, $silencedUntil, $resolved)`,
  )
  const over = db.prepare<[number, string]>("UPDATE alerts SET over = ? WHERE id = ? AND over IS NULL")
  return (event) => {
    if (!isOfAlert(event)) return
    const id = event.stream.slice("alert-".length)
    if (event.type === "AlertRaised") {
      const { rule, title, about, cause, count = 1 } = event.data
      insert.run({
        id,
        raised: event.position,
        time: event.recordedAt,
        rule,
        title,
        subject: subjectOf(about),
        about: JSON.stringify(about),
        aboutId: about.id ?? null,
        cause,
        count,
      })
    }
    const next = after(last.get(id), event)
    if (next === undefined) return
    if (event.type === "AlertResolved") over.run(event.data.cause ?? event.position, id)
    end.run(event.position, id)
    begin.run({ id, since: event.position, time: event.recordedAt, ...next })
  }
}

const types = new Set(["AlertRaised", "AlertAcknowledged", "AlertSilenced", "AlertEscalated", "AlertResolved"])

function isOfAlert(event: RecordedEvent): event is AlertEvent {
  return types.has(event.type)
}

/** Undefined where the event says nothing of an alert that was raised. */
function after(state: State | undefined, event: AlertEvent): State | undefined {
  if (event.type === "AlertRaised") return state ?? { ...fresh, severity: event.data.severity }
  if (state === undefined) return undefined
  switch (event.type) {
    case "AlertAcknowledged":
      return { ...state, acknowledgedBy: event.metadata.actor }
    case "AlertSilenced":
      return { ...state, silencedUntil: event.data.until }
    case "AlertEscalated":
      return { ...state, step: event.data.step, severity: event.data.severity }
    case "AlertResolved":
      return { ...state, resolved: event.data.how }
  }
}

const fresh = { step: 0, acknowledgedBy: null, silencedUntil: null, resolved: null }
