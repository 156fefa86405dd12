/** Rings of measurements: as they were, by five minutes and by hours, each as large as it may be and no larger; a question is answered by the finest that reaches back. */
import * as path from "node:path"
import Database from "better-sqlite3"
import { epochMs, instant } from "#kernel/clock.js"
import { recordId } from "#kernel/ids.js"
import { type Ops, openOps } from "#ops/ops.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock, time } from "#tests/support/test-clock.js"
import { expect, it, onTestFinished } from "vitest"

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const start = epochMs(time("2026-11-01T00:00:00.000Z"))
const rings = { looks: 30, fiveMinutesMs: 2 * hour, hoursMs: day }
const record = recordId("here", "target", "this-machine")

async function opened(): Promise<{ ops: Ops; file: string }> {
  const file = path.join(await tempFolder(), "ops.db")
  const ops = openOps(file, new TestClock(), rings)
  onTestFinished(() => ops.close())
  return { ops, file }
}

/** A look a minute for two days: the number of the look modulo 100. */
async function measured() {
  const { ops, file } = await opened()
  const looks = (2 * day) / minute
  for (let look = 0; look < looks; look++) {
    const values = new Map<string, number>([["cpu", look % 100]])
    await ops.measurements.record(instant(start + look * minute), [{ record, values }])
  }
  return { ops, file, end: start + (looks - 1) * minute }
}

it("keeps no more than it may of each series", async () => {
  const { file } = await measured()
  const db = new Database(file, { readonly: true })
  onTestFinished(() => void db.close())
  expect(db.prepare("SELECT count(*) FROM measurements").pluck().get()).toBe(30)
  expect(db.prepare("SELECT step, count(*) FROM rollups GROUP BY step ORDER BY step").raw().all()).toStrictEqual([
    [5 * minute, 24],
    [hour, 24],
  ])
})

it("answers by the finest that reaches back, with the mean, the least and the greatest of what was measured", async () => {
  const { ops, end } = await measured()
  const range = (ms: number) => ops.measurements.range(record, "cpu", instant(end - ms), instant(end))
  expect(await range(20 * minute)).toMatchObject({ stepMs: 0, items: { length: 21 } })
  for (const [ms, stepMs] of [
    [hour, 5 * minute],
    [20 * hour, hour],
    [50 * day, hour],
  ] as const) {
    const { stepMs: step, items } = await range(ms)
    expect(step).toBe(stepMs)
    for (const { at, value, least, greatest, count } of items) {
      const first = (epochMs(at) - start) / minute
      const values = Array.from({ length: count }, (_, i) => (first + i) % 100)
      expect(count).toBe(stepMs / minute)
      expect([least, greatest]).toStrictEqual([Math.min(...values), Math.max(...values)])
      expect(value).toBeCloseTo(values.reduce((sum, one) => sum + one, 0) / count)
    }
  }
})

it("knows what was measured at an earlier time, as finely as it still does", async () => {
  const { ops, end } = await measured()
  const at = (ms: number) => ops.measurements.at(record, "cpu", instant(end - ms))
  expect(await at(0)).toStrictEqual({ at: instant(end), value: 79 })
  expect(epochMs((await at(hour))?.at ?? instant(0)) % (5 * minute)).toBe(0)
  expect(epochMs((await at(10 * hour))?.at ?? instant(0)) % hour).toBe(0)
  expect(await at(3 * day)).toBeUndefined()
})

it("forgets series that nobody measures any more", async () => {
  const { ops } = await opened()
  const values = new Map([["cpu", 1]])
  const gone = recordId("here", "target", "gone")
  await ops.measurements.record(instant(start), [{ record: gone, values }])
  await ops.measurements.record(instant(start + 3 * day), [{ record, values }])
  expect(await ops.measurements.metricsOf(gone)).toStrictEqual([])
  expect(await ops.measurements.metricsOf(record)).toStrictEqual(["cpu"])
})
