/** Where a stretch of time begins that ends at the point that is asked at. */
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { resolveSince, weekBefore } from "#timeline/period.js"
import { type Line, resolvePoint } from "#timeline/resolve.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { TestClock } from "#tests/support/test-clock.js"
import { expect, it, onTestFinished } from "vitest"

const day = 86_400_000
const then = (point: Point) => ({ point, isNow: false })
const before = (time: Instant, ms: number) => instant(epochMs(time) - ms)

/** An event a day, for ten days; the last was just recorded. */
async function tenDays() {
  const clock = new TestClock()
  const ledger = openSqliteLedger(":memory:", clock)
  onTestFinished(() => ledger.close())
  for (let i = 0; i < 10; i++) {
    if (i > 0) clock.advance(day)
    await ledger.append(stream("target-1"), i - 1, changes(1), `${i}`)
  }
  return { line: { ledger, clock } as unknown as Line, point: await ledger.head(), clock: clock as Clock, ledger }
}

it("a week before, unless it is said where", async () => {
  const { line, point } = await tenDays()
  expect(await weekBefore(line, point)).toStrictEqual({ position: 2, time: before(point.time, 7 * day) })
  expect(await resolveSince(line, then(point), "position:4")).toStrictEqual({
    position: 4,
    time: before(point.time, 5 * day),
  })
  expect(await resolveSince(line, then(point), `position:${point.position}`)).toStrictEqual(point)
  expect(await resolveSince(line, then(point), "now")).toStrictEqual(point)
})

it("just before the first event of a ledger that is younger, and nowhere in one that had none", async () => {
  const { line, ledger } = await tenDays()
  const third = { position: 2 as Position, time: await ledger.timeOf(2 as Position) }
  const first = await ledger.timeOf(0 as Position)
  expect(await weekBefore(line, third)).toStrictEqual({ position: origin, time: before(first, 1) })
  const nothing = { position: origin, time: before(first, day) }
  expect(await weekBefore(line, nothing)).toStrictEqual({ ...nothing, time: before(first, 8 * day) })
})

it("not behind its end: neither by position nor by time", async () => {
  const { line, point, clock, ledger } = await tenDays()
  const third = { position: 2 as Position, time: await ledger.timeOf(2 as Position) }
  const { code, message } = await refusalOf(() => resolveSince(line, then(third), "position:4"))
  expect([code, message]).toStrictEqual([
    "InvalidInput",
    `"since" (${await ledger.timeOf(4 as Position)}, position 4) lies behind the point that is asked at (${third.time}, position 2): give an earlier one, or a later "at"`,
  ])
  // Of two that were recorded at once, the one is behind the other by its position alone.
  await ledger.append(stream("target-1"), 9, changes(2), "two")
  const { position: second, time } = await ledger.head()
  const first = { position: (second - 1) as Position, time }
  expect((await refusalOf(() => resolveSince(line, then(first), `position:${second}`))).code).toBe("InvalidInput")
  const later = { ...line, clock: { now: () => instant(epochMs(clock.now()) + day) } } as Line
  expect((await refusalOf(() => resolveSince(later, then(point), "now"))).code).toBe("InvalidInput")
  // Now is not a point that is asked for: it goes on.
  expect(await resolveSince(later, { point, isNow: true }, "now")).toStrictEqual(point)
  expect(await ledger.revisionOf(stream("target-2"))).toBe(noStream)
})

it("nor is there any point of a ledger that is empty", async () => {
  const clock = new TestClock()
  const ledger = openSqliteLedger(":memory:", clock)
  onTestFinished(() => ledger.close())
  const { code, message } = await refusalOf(() => resolvePoint({ ledger, clock } as unknown as Line, clock.now()))
  expect([code, message]).toStrictEqual(["InvalidPoint", `${clock.now()} is before this ledger; it is still empty`])
})
