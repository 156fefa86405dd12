/**
 * What changes are told apart by: type, severity, and who wrote them down in which run from which source. Few combinations make up a history, so each is a row that
 * changes name by its number.
 */
import type { Metadata } from "#events/envelope.js"
import type { Severity } from "#events/severity.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { BlockMemory, blockOf } from "../blocks.js"

export const markTables = `
  CREATE TABLE marks (
    no INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    severity TEXT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT, -- NULL where no source told it, and no run
    run TEXT,
    UNIQUE (run, type, severity, actor, source)
  ) STRICT;
  -- Which blocks of positions have changes with a term: what it is, a space, and it.
  CREATE TABLE term_blocks (
    term TEXT NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (term, block)
  ) STRICT, WITHOUT ROWID;`

export const markFields = ["type", "severity", "actor", "source", "run"] as const
export type MarkField = (typeof markFields)[number]

export function termOf(field: MarkField, value: string): string {
  return `${field} ${value}`
}

type Writer = Pick<Metadata, "actor" | "source" | "runId">

/** Numbers the mark of a change, and notes that the change at this position has its terms. */
export function markWriter(db: Db): (type: string, severity: Severity, by: Writer, position: Position) => number {
  const find = db
    .prepare<(string | null)[], number>(
      "SELECT no FROM marks WHERE run IS ? AND type = ? AND severity = ? AND actor = ? AND source IS ?",
    )
    .pluck()
  const insert = db.prepare<(string | null)[]>(
    `INSERT INTO marks (no, run, type, severity, actor, source)
     VALUES ((SELECT coalesce(max(no), 0) + 1 FROM marks), ?, ?, ?, ?, ?)`,
  )
  const note = db.prepare<[string, number]>("INSERT OR IGNORE INTO term_blocks VALUES (?, ?)")
  const noted = new BlockMemory()
  /** Those of the writer that was met last, which writes most of what comes next. */
  const numbers = new Map<string, number>()
  let last: Writer = { actor: "" }
  return (type, severity, by, position) => {
    const { actor, source, runId } = by
    if (actor !== last.actor || source !== last.source || runId !== last.runId) numbers.clear()
    last = by
    const key = `${severity} ${type}`
    let no = numbers.get(key)
    if (no === undefined) {
      const row = [runId ?? null, type, severity, actor, source ?? null]
      no = find.get(...row) ?? Number(insert.run(...row).lastInsertRowid)
      numbers.set(key, no)
    }
    if (noted.isFirst(no, position)) {
      const terms = { type, severity, actor, source, run: runId }
      for (const field of markFields) {
        const term = terms[field]
        if (term !== undefined) note.run(termOf(field, term), blockOf(position))
      }
    }
    return no
  }
}
