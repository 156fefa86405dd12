/**
 * Which positions belong to whose history, and by what they are found and counted. The events themselves stay in the ledger; a target's history includes that of what
 * runs on it.
 */
import { type RecordedEvent, changeTypes } from "#events/catalog.js"
import { severities, severityOf } from "#events/severity.js"
import { epochMs } from "#kernel/clock.js"
import type { Db } from "#sqlite/open.js"
import { rowsInto } from "#sqlite/rows.js"
import { subjectOf } from "../inventory/patch-of.js"
import type { RecordNumbers } from "../inventory/record-numbers.js"
import type { Later, Projection } from "../projection.js"
import { blockOf } from "../blocks.js"
import { gapTable, gapWriter } from "./gaps.js"
import { markTables, markWriter } from "./marks.js"
import { momentTable, momentWriter } from "./moments.js"

const tables = `
  CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    record_no INTEGER NOT NULL,
    mark_no INTEGER NOT NULL,
    occurred_at INTEGER -- ms since the epoch, where the source knows
  ) STRICT;
  -- Once under the record that changed and, if that runs on a target, once under that.
  CREATE TABLE changes_of (
    record_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    severity INTEGER NOT NULL, -- from 0, the least
    PRIMARY KEY (record_no, position)
  ) STRICT, WITHOUT ROWID;
  -- Blocks with changes of which is known when they occurred: the first of those times and the last.
  CREATE TABLE occurred_blocks (block INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
  ${markTables}
  ${momentTable}
  ${gapTable}`

/** Reads the inventory's records: it comes after that projection. */
export const historyProjection: Projection = { name: "history", version: 2, tables, projector }

function projector(db: Db, numbers: RecordNumbers, later: Later): (event: RecordedEvent) => void {
  const insert = rowsInto(db, "INSERT INTO changes", 4)
  const insertOf = rowsInto(db, "INSERT INTO changes_of", 3)
  let rows: (number | null)[] = []
  let rowsOf: [record: number, position: number, severity: number][] = []
  later(() => {
    insert(rows)
    // Rows of one record stand together.
    insertOf(rowsOf.sort(([a], [b]) => a - b).flat())
    rows = []
    rowsOf = []
  })
  const occurred = db.prepare<{ block: number; at: number }>(
    `INSERT INTO occurred_blocks VALUES ($block, $at, $at)
     ON CONFLICT DO UPDATE SET first = min(first, $at), last = max(last, $at)`,
  )
  const mark = markWriter(db)
  const count = momentWriter(db)
  const noteGap = gapWriter(db)
  const changes = new Set<string>(changeTypes)
  return (event): void => {
    const { type, position } = event
    if (!changes.has(type)) return noteGap(event)
    const record = numbers(subjectOf(event))
    if (record === undefined) return
    const severity = severityOf(event)
    const rank = severities.indexOf(severity)
    const occurredAt = event.occurredAt === undefined ? null : epochMs(event.occurredAt)
    rows.push(position, record.no, mark(type, severity, event.metadata, position), occurredAt)
    rowsOf.push([record.no, position, rank])
    if (record.targetNo !== record.no) rowsOf.push([record.targetNo, position, rank])
    if (occurredAt !== null) occurred.run({ block: blockOf(position), at: occurredAt })
    count(event.recordedAt, position, rank)
  }
}
