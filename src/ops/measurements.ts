/**
 * Volatile numbers, written at every look and never in the ledger. Of each series the last looks are kept as they were, and older ones as means with their least and
 * greatest over five minutes and over an hour. Everything is counted into all of them as it comes, and the oldest of each goes: so a series is never larger.
 */
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

/** What was measured from `at` on, over a step. */
export interface MeasuredStep extends Measurement {
  /** The mean. */
  readonly value: number
  readonly least: number
  readonly greatest: number
  readonly count: number
}

export interface MeasuredRange {
  /** 0: as it was measured. */
  readonly stepMs: number
  readonly items: readonly MeasuredStep[]
}

/** How much is kept of each series. */
export interface Rings {
  /** Looks as they were. */
  readonly looks: number
  readonly fiveMinutesMs: number
  readonly hoursMs: number
}

export const defaultRings: Rings = { looks: 576, fiveMinutesMs: 7 * 86_400_000, hoursMs: 90 * 86_400_000 }

const [fiveMinutes, hour, day] = [300_000, 3_600_000, 86_400_000]
const pagesAtOnce = 256

export type Measurements = ReturnType<typeof measurements>

interface StepRow {
  readonly bucket: number
  readonly count: number
  readonly mean: number
  readonly least: number | null
  readonly greatest: number | null
}

export function measurements(db: Db, rings: Rings) {
  const levels = [
    { stepMs: fiveMinutes, steps: Math.ceil(rings.fiveMinutesMs / fiveMinutes) },
    { stepMs: hour, steps: Math.ceil(rings.hoursMs / hour) },
  ]
  const seriesOf = db.prepare<[string, string], { no: number; written: number }>(
    "SELECT no, written FROM series WHERE record_id = ? AND metric = ?",
  )
  const addSeries = db.prepare<[string, string]>("INSERT INTO series (record_id, metric, written) VALUES (?, ?, 0)")
  const count = db.prepare<[number, number]>("UPDATE series SET written = written + 1, last_at = ? WHERE no = ?")
  const put = db.prepare<[number, number, number, number]>("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?)")
  const trim = db.prepare<[number, number]>("DELETE FROM measurements WHERE series_no = ? AND slot <= ?")
  const step = db.prepare<[number, number, number], StepRow>(
    "SELECT bucket, count, mean, least, greatest FROM rollups WHERE series_no = ? AND step = ? AND bucket = ?",
  )
  const putStep = db.prepare<[number, number, number, number, number, number | null, number | null]>(
    "INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?)",
  )
  const trimSteps = db.prepare<[number, number, number]>(
    "DELETE FROM rollups WHERE series_no = ? AND step = ? AND bucket <= ?",
  )
  const inSlot = db
    .prepare<[number, number], number>("SELECT value FROM measurements WHERE series_no = ? AND slot = ?")
    .pluck()
  const latest = db.prepare<[string, string, number, number], { measured_at: number; value: number }>(
    `SELECT measured_at, value FROM measurements JOIN series ON no = series_no
     WHERE record_id = ? AND metric = ? AND measured_at <= ? ORDER BY measured_at DESC, slot DESC LIMIT ?`,
  )
  const lastStep = db.prepare<[number, number, number], StepRow>(
    `SELECT bucket, count, mean, least, greatest FROM rollups WHERE series_no = ? AND step = ? AND bucket <= ?
     ORDER BY bucket DESC LIMIT 1`,
  )
  const oldest = db
    .prepare<[number], number | null>("SELECT min(measured_at) FROM measurements WHERE series_no = ?")
    .pluck()
  const oldestStep = db
    .prepare<[number, number], number | null>("SELECT min(bucket) FROM rollups WHERE series_no = ? AND step = ?")
    .pluck()
  const raw = db.prepare<[number, number, number], { measured_at: number; value: number }>(
    `SELECT measured_at, value FROM measurements WHERE series_no = ? AND measured_at BETWEEN ? AND ?
     ORDER BY measured_at, slot`,
  )
  const steps = db.prepare<[number, number, number, number], StepRow>(
    `SELECT bucket, count, mean, least, greatest FROM rollups WHERE series_no = ? AND step = ? AND bucket BETWEEN ? AND ?
     ORDER BY bucket`,
  )
  const metrics = db.prepare<[string], string>("SELECT metric FROM series WHERE record_id = ? ORDER BY metric").pluck()
  const silent = "(SELECT no FROM series WHERE last_at < ?)"
  const forgetSilent = [
    db.prepare<[number]>(`DELETE FROM measurements WHERE series_no IN ${silent}`),
    db.prepare<[number]>(`DELETE FROM rollups WHERE series_no IN ${silent}`),
    db.prepare<[number]>("DELETE FROM series WHERE last_at < ?"),
  ]
  let tidied = 0

  /** Forgets what was measured no more for as long as anything is kept, and gives its space back. */
  const tidy = (ms: number) => {
    tidied = ms
    for (const forget of forgetSilent) forget.run(ms - Math.max(rings.fiveMinutesMs, rings.hoursMs))
  }

  const countInto = (no: number, { stepMs, steps: kept }: (typeof levels)[number], ms: number, value: number) => {
    const bucket = Math.floor(ms / stepMs)
    const known = step.get(no, stepMs, bucket)
    if (known === undefined) {
      putStep.run(no, stepMs, bucket, 1, value, null, null)
      trimSteps.run(no, stepMs, bucket - kept)
      return
    }
    const mean = known.mean + (value - known.mean) / (known.count + 1)
    const least = Math.min(known.least ?? known.mean, value)
    const greatest = Math.max(known.greatest ?? known.mean, value)
    // One number for all three, where they are one.
    const isOne = least === greatest
    putStep.run(
      no,
      stepMs,
      bucket,
      known.count + 1,
      isOne ? least : mean,
      isOne ? null : least,
      isOne ? null : greatest,
    )
  }

  const write = db.transaction((at: Instant, all: readonly Measured[]) => {
    const ms = epochMs(at)
    for (const { record, values } of all) {
      for (const [metric, value] of values) {
        const series = seriesOf.get(record, metric) ?? {
          no: Number(addSeries.run(record, metric).lastInsertRowid),
          written: 0,
        }
        put.run(series.no, series.written, ms, value)
        trim.run(series.no, series.written - rings.looks)
        for (const level of levels) countInto(series.no, level, ms, value)
        count.run(ms, series.no)
      }
    }
    if (ms - tidied > day) tidy(ms)
  })

  /** The finest that reaches back to a moment; the one that reaches back farthest, if none does. */
  const finest = (no: number, from: number): number => {
    const reach = [
      { stepMs: 0, since: oldest.get(no) ?? Number.POSITIVE_INFINITY },
      ...levels.map(({ stepMs }) => ({
        stepMs,
        since: (oldestStep.get(no, stepMs) ?? Number.POSITIVE_INFINITY) * stepMs,
      })),
    ]
    const farthest = Math.min(...reach.map(({ since }) => since))
    return reach.find(({ since }) => since <= Math.max(from, farthest))?.stepMs ?? 0
  }

  return {
    /** What came without values costs no write. */
    async record(at: Instant, all: readonly Measured[]): Promise<void> {
      const measured = all.filter(({ values }) => values.size > 0)
      if (measured.length === 0) return
      const before = tidied
      write.immediate(at, measured)
      if (tidied !== before) db.pragma(`incremental_vacuum(${pagesAtOnce})`)
    },
    /** What was written last, whatever the clock said. */
    async last(record: RecordId, metric: string): Promise<number | undefined> {
      const series = seriesOf.get(record, metric)
      return series && inSlot.get(series.no, series.written - 1)
    },
    /** The last looks at a series by then, newest first, as far back as they are kept as they were. */
    async latest(record: RecordId, metric: string, by: Instant, limit: number): Promise<readonly Measurement[]> {
      return latest
        .all(record, metric, epochMs(by), limit)
        .map(({ measured_at, value }) => ({ at: instant(measured_at), value }))
    },
    /** What a series was at a time, as finely as that is still known; the mean of the five minutes or the hour before it. */
    async at(record: RecordId, metric: string, by: Instant): Promise<Measurement | undefined> {
      const [last] = latest.all(record, metric, epochMs(by), 1)
      if (last !== undefined) return { at: instant(last.measured_at), value: last.value }
      const series = seriesOf.get(record, metric)
      for (const { stepMs } of series === undefined ? [] : levels) {
        const found = lastStep.get(series?.no as number, stepMs, Math.floor(epochMs(by) / stepMs))
        if (found !== undefined) return { at: instant(found.bucket * stepMs), value: found.mean }
      }
      return undefined
    },
    /** What is known of a series between two times, both inclusive, oldest first: as it was measured, or by five minutes, or by hours. */
    async range(record: RecordId, metric: string, from: Instant, to: Instant): Promise<MeasuredRange> {
      const series = seriesOf.get(record, metric)
      if (series === undefined) return { stepMs: 0, items: [] }
      const [begin, end] = [epochMs(from), epochMs(to)]
      const stepMs = finest(series.no, begin)
      if (stepMs === 0) {
        const rows = raw.all(series.no, begin, end)
        const items = rows.map(({ measured_at: at, value }) => ({
          at: instant(at),
          value,
          least: value,
          greatest: value,
          count: 1,
        }))
        return { stepMs, items }
      }
      const rows = steps.all(series.no, stepMs, Math.floor(begin / stepMs), Math.floor(end / stepMs))
      return { stepMs, items: rows.map((row) => measuredStep(row, stepMs)) }
    },
    async metricsOf(record: RecordId): Promise<readonly string[]> {
      return metrics.all(record)
    },
  }
}

function measuredStep({ bucket, count, mean, least, greatest }: StepRow, stepMs: number): MeasuredStep {
  return { at: instant(bucket * stepMs), value: mean, least: least ?? mean, greatest: greatest ?? mean, count }
}
