/**
 * Changes that were said to come, and what of each change they cover: by its type, its fields, its time and who did it. Which entities an intent is about is asked when it
 * is read, as that takes all that is known of them.
 */
import { type EventData, type RecordedEvent, catalog } from "#events/catalog.js"
import { epochMs } from "#kernel/clock.js"
import type { Db } from "#sqlite/open.js"
import { changedPaths, subjectOf } from "../inventory/patch-of.js"
import type { RecordNumbers } from "../inventory/record-numbers.js"
import type { Projection } from "../projection.js"

const tables = `
  CREATE TABLE intents (
    id TEXT PRIMARY KEY,
    since INTEGER NOT NULL, -- position of the event that said so
    until INTEGER, -- position of the event that withdrew it; NULL while it holds
    intent TEXT NOT NULL, -- as the event has it
    actor TEXT NOT NULL,
    reason TEXT,
    ticket TEXT,
    time TEXT NOT NULL -- when it was recorded
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX intents_in_order ON intents (since);
  CREATE TABLE intent_matches (
    position INTEGER NOT NULL, -- of the change
    intent TEXT NOT NULL,
    path TEXT NOT NULL, -- of the field; empty for the whole
    record_no INTEGER NOT NULL,
    PRIMARY KEY (position, intent, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX intent_matches_in_order ON intent_matches (intent, position);
  CREATE INDEX intent_matches_of_field ON intent_matches (intent, record_no, path, position);`

/** Reads the inventory's records: it comes after that projection. */
export const intentsProjection: Projection = { name: "intents", version: 2, tables, projector }

type Intent = EventData<"ChangeExpected">

interface Open {
  readonly intent: Intent
  readonly from: number
  readonly until: number
}

function projector(db: Db, numbers: RecordNumbers): (event: RecordedEvent) => void {
  const insert = db.prepare<Record<string, string | number | null>>(
    "INSERT INTO intents VALUES ($id, $since, NULL, $intent, $actor, $reason, $ticket, $time)",
  )
  const end = db.prepare<[number, string]>("UPDATE intents SET until = ? WHERE id = ? AND until IS NULL")
  const match = db.prepare<[number, string, string, number]>("INSERT INTO intent_matches VALUES (?, ?, ?, ?)")
  const inForce = db.prepare<[], { id: string; intent: string }>(
    "SELECT id, intent FROM intents WHERE until IS NULL ORDER BY id",
  )
  const open = new Map(inForce.all().map(({ id, intent }) => [id, opened(JSON.parse(intent) as Intent)]))
  return (event) => {
    if (event.type === "ChangeExpected") {
      const { actor, reason = null, ticket = null } = event.metadata
      const [id, intent] = [idOf(event), JSON.stringify(event.data)]
      insert.run({ id, since: event.position, intent, actor, reason, ticket, time: event.recordedAt })
      open.set(id, opened(event.data))
    } else if (event.type === "IntentWithdrawn") {
      end.run(event.position, idOf(event))
      open.delete(idOf(event))
    } else if (open.size > 0 && catalog[event.type].change) {
      const record = numbers(subjectOf(event))
      if (record === undefined) return
      const at = epochMs(event.occurredAt ?? event.observedAt)
      for (const [id, { intent, from, until }] of open) {
        if (at < from || at > until) continue
        for (const path of coveredBy(intent, event)) match.run(event.position, id, path, record.no)
      }
    }
  }
}

function opened(intent: Intent): Open {
  return { intent, from: Date.parse(intent.from), until: Date.parse(intent.until) }
}

function idOf({ stream }: RecordedEvent): string {
  return stream.slice(stream.indexOf("-") + 1)
}

/** The fields of a change that an intent covers, whatever its time and of whatever entity. */
export function coveredBy(
  { types, fields, by }: Pick<Intent, "types" | "fields" | "by">,
  event: RecordedEvent,
): readonly string[] {
  if (types !== undefined && !types.includes(event.type)) return []
  if (by !== undefined && event.metadata.by !== by) return []
  const isCovered = (path: string) =>
    fields === undefined || fields.some((field) => path === field || path.startsWith(`${field}/`))
  return [...new Set(changedPaths(event).filter(isCovered))]
}
