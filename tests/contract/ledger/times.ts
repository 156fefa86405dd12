/** `recordedAt` never runs backwards along positions, so a time resolves to a position and back. */
import { epochMs, instant } from "#kernel/clock.js"
import { origin, position } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { often } from "#tests/support/often.js"
import { changed, changes, stream } from "#tests/support/sample-events.js"
import { refusalOf } from "#tests/support/refusal.js"
import { time } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const one = stream("target-1")

export function times(open: OpenEngine): void {
  it("stamps all events of an append with the time at which it was written", async () => {
    const { ledger, clock } = await fresh(open)
    const first = clock.now()
    await ledger.append(one, noStream, changes(3), "a")
    clock.advance(1_234)
    await ledger.append(one, 2, changes(1), "b")
    expect((await everything(ledger)).map(({ recordedAt }) => recordedAt)).toStrictEqual([
      first,
      first,
      first,
      clock.now(),
    ])
    expect(await ledger.head()).toStrictEqual({ position: 3, time: clock.now() })
  })

  it("never lets time run backwards, though the clock was set back and the ledger opened again", async () => {
    const { ledger, clock, reopen } = await fresh(open)
    const latest = clock.now()
    await ledger.append(one, noStream, changes(1), "a")
    clock.advance(-86_400_000)
    await ledger.append(one, 0, changes(1), "b")
    const again = await reopen()
    await again.append(one, 1, changes(1), "c")
    expect((await everything(again)).map(({ recordedAt }) => recordedAt)).toStrictEqual([latest, latest, latest])
    clock.advance(86_400_001)
    await again.append(one, 2, changes(1), "d")
    expect((await again.head()).time).toBe(instant(epochMs(latest) + 1))
  })

  it("answers the identical append with its first event, not with a newer time", async () => {
    const { ledger, clock } = await fresh(open)
    const first = clock.now()
    await ledger.append(one, noStream, changes(1), "a")
    clock.advance(60_000)
    await ledger.append(one, noStream, changes(1), "a")
    expect(await ledger.head()).toStrictEqual({ position: 0, time: first })
  })

  it("resolves any time before the first event to −1, and any after the last to the head", async () => {
    const { ledger, clock } = await fresh(open)
    expect(await ledger.positionAt(clock.now())).toBe(origin)
    await ledger.append(one, noStream, changes(1), "first")
    expect(await ledger.positionAt(clock.now())).toBe(0)
    await ledger.append(one, 0, changes(2), "a")
    const recorded = epochMs(clock.now())
    expect(await ledger.positionAt(instant(recorded - 1))).toBe(origin)
    expect(await ledger.positionAt(instant(recorded))).toBe(2)
    expect(await ledger.positionAt(time("9999-12-31T23:59:59.999Z"))).toBe(2)
    expect(await ledger.positionAt(time("0000-01-01T00:00:00.000Z"))).toBe(origin)
  })

  it("knows no time of an event that is not there, and the epoch for the point before the first", async () => {
    const { ledger } = await fresh(open)
    expect(await ledger.timeOf(origin)).toBe("1970-01-01T00:00:00.000Z")
    expect((await refusalOf(() => ledger.timeOf(position(0)))).code).toBe("NotFound")
    await ledger.append(one, noStream, changes(1), "a")
    expect((await refusalOf(() => ledger.timeOf(position(1)))).code).toBe("NotFound")
  })

  it("answers every time and position as a scan of everything would, whatever the clock does", async () => {
    const { ledger, clock } = await fresh(open)
    const step = fc.record({ move: fc.integer({ min: -5, max: 20 }), count: fc.integer({ min: 1, max: 3 }) })
    let revision = noStream
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const { move, count } of steps) {
          clock.advance(move)
          ;({ revision } = await ledger.append(one, revision, changes(count), "run"))
        }
        const all = await everything(ledger)
        expect(all.map(({ recordedAt }) => recordedAt)).toStrictEqual(all.map(({ recordedAt }) => recordedAt).sort())
        const last = epochMs(all.at(-1)!.recordedAt)
        for (let ms = last - 60; ms <= last + 2; ms++) {
          const asked = instant(ms)
          const wanted = all.findLast(({ recordedAt }) => recordedAt <= asked)?.position ?? origin
          expect(await ledger.positionAt(asked)).toBe(wanted)
        }
        for (const event of all.slice(-30)) expect(await ledger.timeOf(event.position)).toBe(event.recordedAt)
      }),
      { numRuns: often(10) },
    )
  })

  it("keeps the times of what was observed, which may lie anywhere", async () => {
    const { ledger } = await fresh(open)
    const early = time("0001-01-01T00:00:00.000Z")
    const late = time("9999-12-31T23:59:59.999Z")
    await ledger.append(one, noStream, [changed(1, { observedAt: late, occurredAt: early })], "a")
    expect((await everything(ledger))[0]).toMatchObject({ observedAt: late, occurredAt: early })
  })
}
