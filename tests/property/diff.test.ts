/** The difference of any two points is what leads from the documents at the one to those at the other, and nothing besides. */
import type { RecordedEvent } from "#events/catalog.js"
import type { RecordId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { type FieldChange, type Patch, escapeKey } from "#kernel/patch.js"
import { type Position, origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { replay } from "#projections/inventory/evolve.js"
import { Views } from "#projections/views.js"
import { type EntityDiff, diff } from "#timeline/diff.js"
import { type History, anyHistory, appendHistory, byStream } from "#tests/support/random-history.js"
import fastJsonPatch from "fast-json-patch"
import { isDiscovery } from "#projections/inventory/project.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Two points, as numbers that are cut down to the history's length: −1 is before everything. */
const anyPoints = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 4, maxLength: 4 })

interface Told {
  readonly id: RecordId
  readonly nativeKey: string
  readonly events: readonly RecordedEvent[]
  /** Undefined where it is not there: not discovered yet, or retired. */
  readonly at: (position: Position) => JsonObject | undefined
}

function toldBy(events: readonly RecordedEvent[]): Told[] {
  return [...byStream(events).values()].map((own) => {
    const [first] = own
    if (first === undefined || !isDiscovery(first)) throw new Error("no discovery")
    return {
      id: first.stream.split(/-(.*)/)[1] as RecordId,
      nativeKey: first.data.nativeKey,
      events: own,
      at(position) {
        const document = replay(own.filter((event) => event.position <= position))
        return document["lifecycle"] === undefined || document["lifecycle"] === "retired" ? undefined : document
      },
    }
  })
}

type Claim = (views: Views, told: readonly Told[], from: Position, to: Position) => Promise<void>

/** For random histories and pairs of points in them. */
async function always(claim: Claim, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyHistory, anyPoints, async (history: History, points) => {
      const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
      try {
        const events = await appendHistory(ledger, history)
        await views.handle(events)
        const told = toldBy(events)
        const cut = (point: number) => ((point % (events.length + 1)) + origin) as Position
        for (const [a, b] of points) await claim(views, told, cut(a), cut(b))
      } finally {
        views.close()
        await ledger.close()
      }
    }),
    { numRuns },
  )
}

/** As RFC 6902 has it, whole documents included; what is not there is `null`. */
function patched(document: JsonObject | undefined, patch: Patch): JsonObject | undefined {
  const operations = structuredClone(patch) as fastJsonPatch.Operation[]
  const { newDocument } = fastJsonPatch.applyPatch(structuredClone(document ?? null) as object, operations, true)
  return newDocument === null ? undefined : (newDocument as JsonObject)
}

/** The outermost fields that differ, found without any patch. */
function differing(a: JsonObject, b: JsonObject, path = ""): FieldChange[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) => {
    const [before, after, at] = [a[name], b[name], `${path}/${escapeKey(name)}`]
    if (isObject(before) && isObject(after)) return differing(before, after, at)
    return before === after ? [] : [{ path: at, before: before ?? null, after: after ?? null }]
  })
}

const byPath = (a: FieldChange, b: FieldChange) => (a.path < b.path ? -1 : 1)
const of = (diffs: readonly EntityDiff[], { id }: Told) => diffs.find(({ entity }) => entity.id === id)

describe("the difference of two points", () => {
  it("leads from each document at the one to that at the other, in either direction of time", () =>
    always(async (views, told, from, to) => {
      const diffs = await diff(views, from, to)
      for (const record of told) {
        const patch = of(diffs, record)?.patch ?? []
        expect(patched(record.at(from), patch)).toStrictEqual(record.at(to))
      }
    }, 50))

  it("says of each entity whether it was created, modified or removed; retired is not there", () =>
    always(async (views, told, from, to) => {
      const diffs = await diff(views, from, to)
      for (const record of told) {
        const [before, after] = [record.at(from), record.at(to)]
        const same = before === undefined || after === undefined || differing(before, after).length === 0
        const changed =
          before === after ? undefined : !before ? "created" : !after ? "removed" : same ? undefined : "modified"
        expect(of(diffs, record)?.change).toBe(changed)
      }
    }, 50))

  it("tells each modified field with what it was and is, down into the items of collections", () =>
    always(async (views, told, from, to) => {
      const diffs = await diff(views, from, to)
      for (const record of told) {
        const found = of(diffs, record)
        if (found === undefined) continue
        const [before, after] = [record.at(from), record.at(to)]
        const fields = found.change === "modified" ? differing(before ?? {}, after ?? {}) : []
        expect(found.changes).toStrictEqual(fields.sort(byPath))
      }
    }, 50))

  it("is taken back by the difference the other way", () =>
    always(async (views, told, from, to) => {
      const [there, back] = [await diff(views, from, to), await diff(views, to, from)]
      expect(back.map(({ entity }) => entity.id).sort()).toStrictEqual(there.map(({ entity }) => entity.id).sort())
      for (const record of told) {
        const [forth, inverse] = [of(there, record), of(back, record)]
        if (forth === undefined || inverse === undefined) continue
        expect(patched(patched(record.at(from), forth.patch), inverse.patch)).toStrictEqual(record.at(from))
        const opposite = { created: "removed", removed: "created", modified: "modified" } as const
        expect(inverse.change).toBe(opposite[forth.change])
        const exchanged = forth.changes.map(({ path, before, after }) => ({ path, before: after, after: before }))
        expect(inverse.changes).toStrictEqual(exchanged)
      }
    }, 30))

  it("is nothing between a point and itself", () =>
    always(async (views, _, from) => {
      expect(await diff(views, from, from)).toStrictEqual([])
    }, 15))

  it("names nothing that no event between them altered", () =>
    always(async (views, told, from, to) => {
      const [first, last] = [Math.min(from, to), Math.max(from, to)]
      const altered = told.filter(({ events }) => events.some(({ position: at }) => at > first && at <= last))
      const ids = new Set(altered.map(({ id }) => id))
      for (const { entity } of await diff(views, from, to)) expect(ids).toContain(entity.id)
    }, 30))

  it("calls entities by their name where they are there, targets first, then stacks, then services, in order of name", () =>
    always(async (views, told, from, to) => {
      const diffs = await diff(views, from, to)
      for (const record of told) {
        const found = of(diffs, record)
        if (found === undefined) continue
        const document = record.at(found.change === "removed" ? from : to)
        const identity: Json | undefined = document?.["identity"]
        const name = isObject(identity) ? identity["name"] : undefined
        expect(found.entity.name).toBe(name ?? record.nativeKey)
      }
      const order = diffs.map(({ entity: { kind, name } }) => `${["target", "stack", "service"].indexOf(kind)} ${name}`)
      expect(order).toStrictEqual([...order].sort())
    }, 30))
})
