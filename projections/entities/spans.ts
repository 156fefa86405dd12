/**
 * What had a status and has ended hangs at forks (interval.ts), thousands at each of the highest: from when until when any of it held says at which positions none does, without going
 * through it.
 */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Kind } from "../inventory/read.js"
import type { Later } from "../projection.js"

export const spanTables = `
  -- Of what was of a status and hangs at a high fork: when the first of it began, and the last of it ended.
  CREATE TABLE past_spans (
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    fork INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (kind, status, fork)
  ) STRICT, WITHOUT ROWID;`

/** At what is no multiple of it only little can hang, as nothing there lasts longer. */
const high = 1_024

interface Span {
  since: number
  until: number
}

/** @returns what is told of everything that was of a status and has ended */
export function spanWriter(db: Db, later: Later) {
  const put = db.prepare<[string, string, number, number, number]>(
    `INSERT INTO past_spans VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET since = min(since, excluded.since), until = max(until, excluded.until)`,
  )
  let spans = new Map<string, Map<number, Span>>()
  later(() => {
    for (const [key, forks] of spans) {
      const [kind = "", status = ""] = key.split(" ")
      for (const [fork, { since, until }] of forks) put.run(kind, status, fork, since, until)
    }
    spans = new Map()
  })
  return (kind: Kind, status: string, fork: number, since: number, until: number): void => {
    if (fork % high !== 0) return
    const key = `${kind} ${status}`
    const forks = spans.get(key)
    if (forks === undefined) return void spans.set(key, new Map([[fork, { since, until }]]))
    const span = forks.get(fork)
    if (span === undefined) forks.set(fork, { since, until })
    else {
      span.since = Math.min(span.since, since)
      span.until = Math.max(span.until, until)
    }
  }
}

/** @returns those of some forks where something may hang that was of a status at a position */
export function spanReader(db: Db) {
  const holding = db
    .prepare<[string, Kind, string, Position, Position], number>(
      `SELECT fork FROM json_each(?) j CROSS JOIN past_spans ON kind = ? AND status = ? AND fork = j.value
       WHERE since <= ? AND until > ?`,
    )
    .pluck()
  return (kind: Kind, status: string, at: Position, forks: readonly number[]): readonly number[] => {
    const asked = JSON.stringify(forks.filter((fork) => fork % high === 0))
    return [...forks.filter((fork) => fork % high !== 0), ...holding.all(asked, kind, status, at, at)]
  }
}
