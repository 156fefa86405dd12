/** Volatile numbers: a bounded ring for each series, written at every look and never in the ledger. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export interface Measurement {
  readonly at: Instant
  readonly value: number
}

/** What one look measured of one record: metric → value. */
export interface Measured {
  readonly record: RecordId
  readonly values: ReadonlyMap<string, number>
}

interface Series {
  readonly no: number
  /** How many there ever were. */
  readonly written: number
}

/** Measurements kept of each series: a day at one look every five minutes. */
const ringSize = 288

/** Where the last of so many stands. */
const slotOf = (written: number) => (written - 1) % ringSize

export type Measurements = ReturnType<typeof measurements>

export function measurements(db: Db) {
  const seriesOf = db.prepare<[string, string], Series>(
    "SELECT no, written FROM series WHERE record_id = ? AND metric = ?",
  )
  const count = db.prepare<[string, string], Series>(
    `INSERT INTO series (record_id, metric, written) VALUES (?, ?, 1)
     ON CONFLICT DO UPDATE SET written = written + 1 RETURNING no, written`,
  )
  const put = db.prepare<[number, number, number, number]>("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?)")
  const inSlot = db
    .prepare<[number, number], number>("SELECT value FROM measurements WHERE series_no = ? AND slot = ?")
    .pluck()
  const latest = db.prepare<[string, string, number, number], { measured_at: number; value: number }>(
    `SELECT measured_at, value FROM measurements JOIN series ON no = series_no
     WHERE record_id = ? AND metric = ? AND measured_at <= ? ORDER BY measured_at DESC, slot DESC LIMIT ?`,
  )
  const metrics = db.prepare<[string], string>("SELECT metric FROM series WHERE record_id = ? ORDER BY metric").pluck()

  const write = db.transaction((at: Instant, all: readonly Measured[]) => {
    const ms = epochMs(at)
    for (const { record, values } of all) {
      for (const [metric, value] of values) {
        const { no, written } = count.get(record, metric) as Series
        put.run(no, slotOf(written), ms, value)
      }
    }
  })

  return {
    /** What came without values costs no write. */
    async record(at: Instant, all: readonly Measured[]): Promise<void> {
      const measured = all.filter(({ values }) => values.size > 0)
      if (measured.length > 0) write.immediate(at, measured)
    },
    /** What was written last, whatever the clock said. */
    async last(record: RecordId, metric: string): Promise<number | undefined> {
      const series = seriesOf.get(record, metric)
      return series && inSlot.get(series.no, slotOf(series.written))
    },
    /** The last ones of a series that were taken by then, newest first. */
    async latest(record: RecordId, metric: string, by: Instant, limit: number): Promise<readonly Measurement[]> {
      return latest
        .all(record, metric, epochMs(by), limit)
        .map(({ measured_at, value }) => ({ at: instant(measured_at), value }))
    },
    async metricsOf(record: RecordId): Promise<readonly string[]> {
      return metrics.all(record)
    },
  }
}
