/**
 * Running numbers of changes by the time they were recorded at: how many of each severity there had been before a moment. As times never run backwards along
 * positions, a count between any two moments is the difference of two rows, each a seek: exact, at any zoom, whatever lies between.
 */
import { severities } from "#events/severity.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export const momentTable = `
  -- A row for each time at which changes were recorded.
  CREATE TABLE moments (
    recorded_at INTEGER PRIMARY KEY, -- ms since the epoch
    position INTEGER NOT NULL, -- of the first change of that time
    info INTEGER NOT NULL, -- changes before it
    notice INTEGER NOT NULL,
    warning INTEGER NOT NULL,
    critical INTEGER NOT NULL
  ) STRICT;`

/** Changes of each severity, from the least. */
export type Counts = readonly [number, number, number, number]

/** To be called with every change, in order. */
export function momentWriter(db: Db): (recordedAt: Instant, position: Position, severity: number) => void {
  const insert = db.prepare<[number, number, ...Counts]>("INSERT OR IGNORE INTO moments VALUES (?, ?, ?, ?, ?, ?)")
  const last = db.prepare<[], number>("SELECT recorded_at FROM moments ORDER BY recorded_at DESC LIMIT 1").pluck()
  const numbersAt = countsAt(db)
  // Not before there is a change: views that are damaged can be opened, and made anew.
  let known: { at: number; text: string; readonly counts: [number, number, number, number] } | undefined
  return (recordedAt, position, severity) => {
    known ??= { at: last.get() ?? -1, text: "", counts: [...numbersAt(position - 1, epochMs(recordedAt))] }
    if (recordedAt !== known.text) {
      const at = epochMs(recordedAt)
      if (at !== known.at) insert.run(at, position, ...known.counts)
      known.at = at
      known.text = recordedAt
    }
    known.counts[severity as 0] += 1
  }
}

/** How many changes there are up to and including a position, which was recorded at that time or before: what came between is walked over. */
export function countsAt(db: Db): (position: number, time: number) => Counts {
  const before = db
    .prepare<[number, number], [number, ...Counts]>(
      `SELECT position, info, notice, warning, critical FROM moments
       WHERE recorded_at <= ? AND position <= ? ORDER BY recorded_at DESC LIMIT 1`,
    )
    .raw()
  const since = db
    .prepare<[number, number], Counts>(
      `SELECT ${severities.map((severity) => `count(*) FILTER (WHERE severity = '${severity}')`).join()}
       FROM changes JOIN marks ON marks.no = mark_no WHERE position >= ? AND position <= ?`,
    )
    .raw()
  return (position, time) => {
    const [first, ...counts] = before.get(time, position) ?? [0, 0, 0, 0, 0]
    const more = since.get(first, position) as Counts
    return counts.map((count, rank) => count + (more[rank as 0] ?? 0)) as unknown as Counts
  }
}
