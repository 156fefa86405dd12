/** When looks were incomplete: from the first account of a source that could not look at everything there is, to the next that could. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Coverage } from "#events/source.js"
import { epochMs } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export const gapTable = `
  CREATE TABLE gaps (
    source TEXT NOT NULL,
    since INTEGER NOT NULL, -- position
    began_at INTEGER NOT NULL, -- ms since the epoch
    until INTEGER, -- position; NULL while it lasts
    ended_at INTEGER,
    PRIMARY KEY (source, since)
  ) STRICT, WITHOUT ROWID;`

export function gapWriter(db: Db): (event: RecordedEvent) => void {
  const begin = db.prepare<{ source: string; position: number; at: number }>(
    `INSERT INTO gaps SELECT $source, $position, $at, NULL, NULL
     WHERE NOT EXISTS (SELECT 1 FROM gaps WHERE source = $source AND until IS NULL)`,
  )
  const end = db.prepare<{ source: string; position: number; at: number }>(
    "UPDATE gaps SET until = $position, ended_at = $at WHERE source = $source AND until IS NULL",
  )
  return (event) => {
    if (event.type !== "DiscoveryCompleted" && event.type !== "DiscoveryFailed") return
    const isGap = event.type === "DiscoveryFailed" || isIncomplete(event.data.coverage)
    const row = { source: event.data.source, position: event.position, at: epochMs(event.recordedAt) }
    if (isGap) begin.run(row)
    else end.run(row)
  }
}

/** Sources that tell of no services say so by `complete.service`, so that alone is no gap. */
function isIncomplete({ complete, targets = [], failed = [], held = 0 }: Coverage): boolean {
  const stacks = [complete, ...targets.map((group) => group.complete)].map(({ stack }) => stack)
  return !complete.target || stacks.includes(false) || failed.length > 0 || held > 0
}

/** ms since the epoch. */
export interface Gap {
  readonly from: number
  /** Undefined while it lasts. */
  readonly to: number | undefined
}

/** The gaps of all sources that overlap a range of time, as they stood at a position. */
export function gapReader(db: Db): (at: Position, from: number, to: number) => Promise<readonly Gap[]> {
  const overlapping = db.prepare<{ at: number; from: number; to: number }, { from: number; to: number | null }>(
    `SELECT began_at AS "from", iif(until <= $at, ended_at, NULL) AS "to" FROM gaps
     WHERE since <= $at AND began_at <= $to AND (until IS NULL OR until > $at OR ended_at > $from)`,
  )
  return async (at, from, to) => overlapping.all({ at, from, to }).map((gap) => ({ ...gap, to: gap.to ?? undefined }))
}
