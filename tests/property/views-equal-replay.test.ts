/** Every table and short cut of the views answers what replaying the events from zero answers, at every position there is. */
import * as path from "node:path"
import { type RecordedEvent, catalog } from "#events/catalog.js"
import type { RecordId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { replay } from "#projections/inventory/evolve.js"
import type { Kind } from "#projections/inventory/read.js"
import { unitsOf } from "#projections/inventory/units.js"
import { Views } from "#projections/views.js"
import { often } from "#tests/support/often.js"
import { type History, anyHistory, appendHistory, byStream } from "#tests/support/random-history.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { isDiscovery } from "#projections/inventory/project.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const inMemory = ":memory:"
const anySizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })

async function recorded(history: History): Promise<readonly RecordedEvent[]> {
  const ledger = openSqliteLedger(inMemory)
  try {
    return await appendHistory(ledger, history)
  } finally {
    await ledger.close()
  }
}

/** The events in batches of these sizes, again and again. */
function batches(events: readonly RecordedEvent[], sizes: readonly number[]): RecordedEvent[][] {
  const all: RecordedEvent[][] = []
  for (let begin = 0, turn = 0; begin < events.length; turn++) {
    const size = sizes[turn % sizes.length] as number
    all.push(events.slice(begin, begin + size))
    begin += size
  }
  return all
}

async function fold(views: Views, events: readonly RecordedEvent[], sizes: readonly number[]): Promise<Views> {
  const rest = events.filter(({ position }) => position > views.checkpoint())
  for (const batch of batches(rest, sizes)) await views.handle(batch)
  return views
}

async function withViews(
  history: History,
  sizes: readonly number[],
  claim: (views: Views, events: readonly RecordedEvent[]) => Promise<void>,
): Promise<void> {
  const events = await recorded(history)
  const views = new Views(inMemory)
  try {
    await claim(await fold(views, events, sizes), events)
  } finally {
    views.close()
  }
}

const everything = (events: readonly RecordedEvent[]) =>
  ({ at: (events.length - 1) as Position, newestFirst: true, limit: 1_000, filter: {} }) as const
const positionsOf = (events: readonly RecordedEvent[]) => [origin, ...events.map(({ position }) => position)]

/** A record as its events alone tell it. */
interface Told {
  readonly id: RecordId
  readonly kind: Kind
  readonly target: string
  readonly nativeKey: string
  readonly discovered: Position
  readonly events: readonly RecordedEvent[]
  readonly at: (position: Position) => JsonObject
}

function toldBy(events: readonly RecordedEvent[]): Told[] {
  return [...byStream(events).values()].map((own) => {
    const [first] = own
    if (first === undefined || !isDiscovery(first)) throw new Error("no discovery")
    const [kind, id] = first.stream.split(/-(.*)/) as [Kind, RecordId]
    const documents = own.map((_, index) => replay(own.slice(0, index + 1)))
    return {
      id,
      kind,
      target: first.type === "TargetDiscovered" ? id : first.data.target,
      nativeKey: first.data.nativeKey,
      discovered: first.position,
      events: own,
      at: (position) => documents[own.findLastIndex((event) => event.position <= position)] ?? {},
    }
  })
}

const nameIn = (document: JsonObject): Json | undefined => {
  const { identity } = document
  return isObject(identity) ? identity["name"] : undefined
}
describe("the inventory at a position", () => {
  it("has the documents that replay gives, whole and facet by facet", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, (history, sizes) =>
        withViews(history, sizes, async ({ inventory }, events) => {
          for (const record of toldBy(events)) {
            const { no } = (await inventory.record(record.id)) as { no: number }
            for (const position of positionsOf(events)) {
              const document = record.at(position)
              expect(await inventory.document(no, position)).toStrictEqual(document)
              const some = Object.keys(document).filter((_, index) => index % 2 === position % 2)
              const picked = Object.fromEntries(some.map((facet) => [facet, document[facet]]))
              expect(await inventory.document(no, position, [...some, "nothing"])).toStrictEqual(picked)
            }
          }
        }),
      ),
      { numRuns: often(20) },
    )
  })

  it("has each unit that the replayed document has, and no other", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, fc.nat(), (history, sizes, seed) =>
        withViews(history, sizes, async ({ inventory }, events) => {
          const positions = positionsOf(events)
          for (const record of toldBy(events)) {
            const { no } = (await inventory.record(record.id)) as { no: number }
            const everHeld = new Set(positions.flatMap((at) => unitsOf("", record.at(at)).map((unit) => unit.path)))
            const at = positions[seed % positions.length] as Position
            const held = new Map(unitsOf("", record.at(at)).map((unit) => [unit.path, unit.value]))
            for (const unit of everHeld) expect(await inventory.value(no, unit, at)).toStrictEqual(held.get(unit))
          }
        }),
      ),
      { numRuns: often(20) },
    )
  })

  it("finds who bears a name, or else whom a source calls so, or else who bore it", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, (history, sizes) =>
        withViews(history, sizes, async ({ inventory }, events) => {
          const told = toldBy(events)
          const positions = positionsOf(events)
          const names = new Set(told.flatMap((record) => positions.map((at) => nameIn(record.at(at)))))
          for (const name of [...names, "nobody"].filter((given) => typeof given === "string")) {
            for (const at of positions) {
              const bears = told.filter((record) => nameIn(record.at(at)) === name)
              const bore = told.filter((record) =>
                positions.some((then) => then <= at && nameIn(record.at(then)) === name),
              )
              const called = told.filter(({ nativeKey, discovered }) => nativeKey === name && discovered <= at)
              const found = (await inventory.named(name, at)).map(({ id }) => id)
              const expected = [bears, called, bore].find((records) => records.length > 0) ?? []
              expect(found.sort()).toStrictEqual(expected.map(({ id }) => id).sort())
            }
          }
        }),
      ),
      { numRuns: often(12) },
    )
  })

  it("knows each record as it was discovered, and its history", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, (history, sizes) =>
        withViews(history, sizes, async ({ inventory, history: pages }, events) => {
          const told = toldBy(events)
          for (const { id, kind, target, events: own } of told) {
            const row = await inventory.record(id)
            const first = own[0]
            if (first === undefined || !isDiscovery(first)) throw new Error("no discovery")
            const { source, nativeKey, generation } = first.data
            expect(row).toStrictEqual({
              no: row?.no,
              id,
              kind,
              source,
              nativeKey,
              generation,
              targetId: target,
              discovered: first.position,
            })
            // What happened to a target is also what happened to the services on it.
            const whose = told.filter((record) => record.id === id || record.target === id)
            const its = whose.flatMap((record) => record.events.map(({ position }) => position))
            const { positions } = await pages.page({ ...everything(events), recordNos: [row?.no as number] })
            expect(positions).toStrictEqual(its.sort((a, b) => b - a))
          }
          const changes = events.filter(({ type }) => catalog[type].change).map(({ position }) => position)
          expect((await pages.page(everything(events))).positions).toStrictEqual(changes.reverse())
        }),
      ),
      { numRuns: often(20) },
    )
  })
})

describe("folding", () => {
  it("gives equal rows whatever the batches", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, anySizes, async (history, some, others) => {
        const events = await recorded(history)
        const digests = []
        for (const sizes of [some, others, [events.length + 1]]) {
          const views = await fold(new Views(inMemory), events, sizes)
          digests.push(views.digest())
          views.close()
        }
        expect(new Set(digests).size).toBe(1)
      }),
      { numRuns: often(12) },
    )
  })

  it("keeps what is before an event that it cannot fold, undoes the rest, and goes on from there, opened anew or not", async () => {
    const folder = await tempFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, fc.nat(), fc.boolean(), async (history, sizes, where, anew) => {
        const events = await recorded(history)
        fc.pre(events.length > 1)
        const undisturbed = await fold(new Views(inMemory), events, sizes)
        const file = path.join(folder, `${run++}.db`)
        let views = new Views(file)
        const cut = 1 + (where % (events.length - 1))
        await fold(views, events.slice(0, cut), sizes)
        const more = cut + Math.floor((events.length - cut) / 2)
        const upToThere = (await fold(new Views(inMemory), events.slice(0, more), sizes)).digest()
        const unknown = { ...(events.at(-1) as RecordedEvent), type: "TargetUnseen", stream: "target-nobody", data: {} }
        await expect(views.handle([...events.slice(cut, more), unknown as RecordedEvent])).rejects.toThrow(
          "never discovered",
        )
        expect([views.checkpoint(), views.digest()]).toStrictEqual([events[more - 1]?.position, upToThere])
        if (anew) {
          views.close()
          views = new Views(file)
        }
        await fold(views, events, sizes)
        expect(views.digest()).toBe(undisturbed.digest())
        views.close()
        undisturbed.close()
      }),
      { numRuns: often(6) },
    )
  })

  it("does not go on when another process has moved the views on", async () => {
    const folder = await tempFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(anyHistory, anySizes, fc.nat(), async (history, sizes, where) => {
        const events = await recorded(history)
        fc.pre(events.length > 1)
        const cut = where % events.length
        const file = path.join(folder, `${run++}.db`)
        const [views, other] = [new Views(file), new Views(file)]
        await fold(other, events.slice(0, cut + 1), sizes)
        const refused = await refusalOf(() => views.handle(events.slice(cut + 1, cut + 2)))
        expect(refused.code).toBe("FolderInUse")
        expect(views.checkpoint()).toBe(origin)
        const [undisturbed, reopened] = [new Views(inMemory), new Views(file)]
        await fold(reopened, events, sizes)
        await fold(undisturbed, events, sizes)
        expect(reopened.digest()).toBe(undisturbed.digest())
        for (const open of [views, other, undisturbed, reopened]) open.close()
      }),
      { numRuns: often(6) },
    )
  })
})
