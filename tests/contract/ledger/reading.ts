/** Pages of everything and of one stream, and single events by their positions. */
import { type EventType, eventTypes } from "#events/catalog.js"
import { origin, position } from "#kernel/point.js"
import { type Ledger, type ReadStream, noStream } from "#ledger/port.js"
import { changed, changes, sample, stream } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type OpenEngine, everything, fresh } from "./fresh.js"

const streams = ["target-1", "service-1", "target-2"].map(stream)
const positions = (from: number, upTo: number) => Array.from({ length: upTo - from + 1 }, (_, i) => position(from + i))

/** 30 events of five types on three streams, in turns. */
async function filled(open: OpenEngine): Promise<Ledger> {
  const { ledger } = await fresh(open)
  for (let round = 0; round < 5; round++) {
    const expected = (index: number) => round * [3, 2, 1][index]! - 1
    await ledger.append(
      streams[0]!,
      expected(0),
      [changed(round), sample("TargetUnseen"), sample("TargetReappeared")],
      "a",
    )
    await ledger.append(streams[1]!, expected(1), [sample("ServiceChanged"), sample("ServiceStateChanged")], "b")
    await ledger.append(streams[2]!, expected(2), changes(1, `round ${round}`), "c")
  }
  return ledger
}

export function reading(open: OpenEngine): void {
  it("is empty before the first event", async () => {
    const { ledger } = await fresh(open)
    expect(await ledger.head()).toStrictEqual({ position: origin, time: "1970-01-01T00:00:00.000Z" })
    expect(await everything(ledger)).toStrictEqual([])
    expect(
      await ledger.readAll({ after: position(5), upTo: position(9), types: ["TargetUnseen"], limit: 5 }),
    ).toStrictEqual([])
    expect(await ledger.readAt([position(0)])).toStrictEqual([])
  })

  it("reads a stream that does not exist as empty", async () => {
    const ledger = await filled(open)
    expect(await ledger.readStream(stream("target-9"), { limit: 10 })).toStrictEqual([])
    expect(await ledger.readStream(stream("target-9"), { from: 3, limit: 10 })).toStrictEqual([])
    expect(await ledger.readStream(stream("target-9"), { limit: 10, backwards: true })).toStrictEqual([])
    expect(await ledger.revisionOf(stream("target-9"))).toBe(noStream)
    expect(await ledger.revisionOf(stream("target"))).toBe(noStream)
  })

  it("reads everything after a position that is known, up to one that is wanted", async () => {
    const ledger = await filled(open)
    const read = async (after: number, upTo?: number, limit = 100) => {
      const page = { after: position(after), limit, ...(upTo === undefined ? {} : { upTo: position(upTo) }) }
      return (await ledger.readAll(page)).map((event) => event.position)
    }
    expect(await read(-1)).toStrictEqual(positions(0, 29))
    expect(await read(0)).toStrictEqual(positions(1, 29))
    expect(await read(28)).toStrictEqual([29])
    expect(await read(29)).toStrictEqual([])
    expect(await read(1_000)).toStrictEqual([])
    expect(await read(9, 12)).toStrictEqual([10, 11, 12])
    expect(await read(-1, 0)).toStrictEqual([0])
    expect(await read(-1, -1)).toStrictEqual([])
    expect(await read(12, 12)).toStrictEqual([])
    expect(await read(12, 9)).toStrictEqual([])
    expect(await read(27, 1_000)).toStrictEqual([28, 29])
    expect(await read(9, 20, 3)).toStrictEqual([10, 11, 12])
    expect(await read(-1, undefined, 0)).toStrictEqual([])
  })

  it("reads only the types that are asked for, as many as fit the limit", async () => {
    const ledger = await filled(open)
    const read = async (types: readonly EventType[], limit = 100) =>
      (await ledger.readAll({ after: origin, types, limit })).map((event) => event.position)
    expect(await read(["TargetUnseen"])).toStrictEqual([1, 7, 13, 19, 25])
    expect(await read(["TargetReappeared", "TargetUnseen", "TargetUnseen"], 3)).toStrictEqual([1, 2, 7])
    expect(await read(["PolicyAdopted"])).toStrictEqual([])
    expect(await read([])).toStrictEqual([])
    expect(await read(["NeverHeardOf" as EventType, "ServiceChanged"], 2)).toStrictEqual([3, 9])
    expect(await read(eventTypes)).toStrictEqual(positions(0, 29))
  })

  it("reads a stream from a revision on, or back from it, which is included", async () => {
    const ledger = await filled(open)
    const read = async (page: Omit<ReadStream, "limit">, limit = 4) =>
      (await ledger.readStream(streams[1]!, { ...page, limit })).map(({ revision }) => revision)
    expect(await read({})).toStrictEqual([0, 1, 2, 3])
    expect(await read({ from: 3 })).toStrictEqual([3, 4, 5, 6])
    expect(await read({ from: 9 })).toStrictEqual([9])
    expect(await read({ from: 10 })).toStrictEqual([])
    expect(await read({ backwards: true })).toStrictEqual([9, 8, 7, 6])
    expect(await read({ from: 3, backwards: true })).toStrictEqual([3, 2, 1, 0])
    expect(await read({ from: 0, backwards: true })).toStrictEqual([0])
    expect(await read({ from: 1_000, backwards: true }, 1)).toStrictEqual([9])
    expect(await read({ from: 3, backwards: false }, 0)).toStrictEqual([])
  })

  it("answers any page of everything as a scan of everything would", async () => {
    const ledger = await filled(open)
    const all = await everything(ledger)
    const place = fc.integer({ min: -1, max: 35 }).map(position)
    const page = fc.record(
      { after: place, upTo: place, types: fc.subarray([...eventTypes]), limit: fc.integer({ min: 0, max: 40 }) },
      { requiredKeys: ["after", "limit"] },
    )
    await fc.assert(
      fc.asyncProperty(page, async (asked) => {
        const { after, upTo = Infinity, types = eventTypes, limit } = asked
        const wanted = all.filter(
          (event) => event.position > after && event.position <= upTo && types.includes(event.type),
        )
        expect(await ledger.readAll(asked)).toStrictEqual(wanted.slice(0, limit))
      }),
      { numRuns: 200 },
    )
  })

  it("answers any page of a stream as a scan of everything would", async () => {
    const ledger = await filled(open)
    const all = await everything(ledger)
    const page = fc.record(
      { from: fc.integer({ min: 0, max: 20 }), limit: fc.integer({ min: 0, max: 20 }), backwards: fc.boolean() },
      { requiredKeys: ["limit"] },
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...streams), page, async (name, asked) => {
        const ofStream = all.filter((event) => event.stream === name)
        const wanted = asked.backwards
          ? ofStream.filter(({ revision }) => revision <= (asked.from ?? Infinity)).reverse()
          : ofStream.filter(({ revision }) => revision >= (asked.from ?? 0))
        expect(await ledger.readStream(name, asked)).toStrictEqual(wanted.slice(0, asked.limit))
      }),
      { numRuns: 200 },
    )
    for (const name of streams) {
      expect(await ledger.revisionOf(name)).toBe(all.findLast((event) => event.stream === name)?.revision)
    }
  })

  it("reads events at positions in the order given, as often as given, leaving out what is beyond the head", async () => {
    const ledger = await filled(open)
    const all = await everything(ledger)
    const at = (...wanted: number[]) => ledger.readAt(wanted.map(position))
    expect(await at()).toStrictEqual([])
    expect(await at(7)).toStrictEqual([all[7]])
    expect(await at(29, 0, 14, 0)).toStrictEqual([all[29], all[0], all[14], all[0]])
    expect(await at(30, 3, 1_000_000)).toStrictEqual([all[3]])
  })
}
