/** Volatile numbers: a bounded ring for each series, written at every look and never in the ledger. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { Db } from "#sqlite/open.js"

export interface Measurement {
  readonly at: Instant
  readonly value: number
}

/** Measurements kept of each series: a day at one look every five minutes. */
const ringSize = 288

export type Measurements = ReturnType<typeof measurements>

export function measurements(db: Db) {
  const seriesOf = db.prepare<[string, string], { no: number; written: number }>(
    "SELECT no, written FROM series WHERE record_id = ? AND metric = ?",
  )
  const addSeries = db.prepare<[string, string]>("INSERT INTO series (record_id, metric, written) VALUES (?, ?, 0)")
  const count = db.prepare<[number]>("UPDATE series SET written = written + 1 WHERE no = ?")
  const put = db.prepare<[number, number, number, number]>("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?)")
  const latest = db.prepare<[string, string, number, number], { measured_at: number; value: number }>(
    `SELECT measured_at, value FROM measurements JOIN series ON no = series_no
     WHERE record_id = ? AND metric = ? AND measured_at <= ? ORDER BY measured_at DESC, slot DESC LIMIT ?`,
  )
  const metrics = db.prepare<[string], string>("SELECT metric FROM series WHERE record_id = ? ORDER BY metric").pluck()

  const write = db.transaction((record: RecordId, at: Instant, values: ReadonlyMap<string, number>) => {
    for (const [metric, value] of values) {
      const series = seriesOf.get(record, metric) ?? {
        no: Number(addSeries.run(record, metric).lastInsertRowid),
        written: 0,
      }
      put.run(series.no, series.written % ringSize, epochMs(at), value)
      count.run(series.no)
    }
  })

  return {
    async record(record: RecordId, at: Instant, values: ReadonlyMap<string, number>): Promise<void> {
      if (values.size > 0) write(record, at, values)
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
