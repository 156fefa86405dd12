/** The difference of any two points is what leads from the fleet as it was at the one to the fleet at the other, and nothing besides. */
import type { RecordedEvent } from "#events/catalog.js"
import type { RecordId } from "#kernel/ids.js"
import { type JsonObject, isObject } from "#kernel/json.js"
import { type FieldChange, type Patch, changesOf, escapeKey, invertPatch } from "#kernel/patch.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { replay } from "#projections/inventory/evolve.js"
import { merged } from "#projections/inventory/merge.js"
import { patchOf, subjectOf } from "#projections/inventory/patch-of.js"
import { isDiscovery } from "#projections/inventory/project.js"
import { Views } from "#projections/views.js"
import { type Item, difference } from "#timeline/diff/diff.js"
import { itemsBetween } from "#tests/support/differences.js"
import { anyLinkedHistory, appendTwice } from "#tests/support/linked-history.js"
import { often } from "#tests/support/often.js"
import type { History } from "#tests/support/random-history.js"
import fastJsonPatch from "fast-json-patch"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Two points, as numbers that are cut down to the history's length: −1 is before everything. */
const anyPoints = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 4, maxLength: 4 })

interface Entity {
  readonly kind: string
  readonly name: string
  readonly document: JsonObject
  readonly records: readonly RecordId[]
}
/** What is there at a point, by its id. */
type State = ReadonlyMap<string, Entity>

/** The fleet at any point by replaying everything, which is the definition. */
class Told {
  readonly events: readonly RecordedEvent[]
  readonly #states = new Map<Position, State>()

  constructor(events: readonly RecordedEvent[]) {
    this.events = events
  }

  at(position: Position): State {
    const known = this.#states.get(position) ?? this.#replayed(position)
    this.#states.set(position, known)
    return known
  }

  #replayed(at: Position): State {
    const streams = new Map<string, RecordedEvent[]>()
    let precedence: readonly string[] = []
    for (const event of this.events.filter(({ position }) => position <= at)) {
      if (event.type === "PolicyAdopted") ({ precedence } = event.data.policy)
      const subject = subjectOf(event)
      if (/^(?:target|service|stack)-/.test(subject)) streams.set(subject, [...(streams.get(subject) ?? []), event])
    }
    const records = [...streams].map(([stream, events]) => {
      const [first] = events
      if (first === undefined || !isDiscovery(first)) throw new Error("no discovery")
      const [, kind = "", id = ""] = /^(.*?)-(.*)$/.exec(stream) ?? []
      const document = replay(events)
      const link = document["link"]
      const root = isObject(link) ? link["target"] : id
      return { id: id as RecordId, kind, root, document, source: first.data.source, nativeKey: first.data.nativeKey }
    })
    const rank = (source: string) => (precedence.includes(source) ? precedence.indexOf(source) : precedence.length)
    const state = new Map<string, Entity>()
    for (const { id, kind, document: own, nativeKey } of records.filter((record) => record.id === record.root)) {
      const members = records.filter(({ root }) => root === id).sort((a, b) => rank(a.source) - rank(b.source))
      const document = kind === "target" ? merged(members.map((member) => member.document)) : own
      if (document["lifecycle"] === "retired") continue
      const { identity } = own
      const name = isObject(identity) && typeof identity["name"] === "string" ? identity["name"] : nativeKey
      state.set(id, { kind, name, document, records: members.map((member) => member.id) })
    }
    return state
  }
}

interface Case {
  readonly views: Views
  readonly ledger: Ledger
  readonly told: Told
  readonly between: (from: Position, to: Position) => Promise<Item[]>
}

type Claim = (fleet: Case, from: Position, to: Position) => Promise<void>

/** For random histories and pairs of points in them. */
async function always(claim: Claim, numRuns = often(4)): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyLinkedHistory, anyPoints, async (history: History, points) => {
      const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
      try {
        const events = await appendTwice(ledger, history)
        await views.handle(events)
        const cut = (point: number) => ((point % (events.length + 1)) + origin) as Position
        const between = (from: Position, to: Position) => itemsBetween(views, ledger, { from, to })
        const fleet = { views, ledger, told: new Told(events), between }
        for (const [a, b] of points) await claim(fleet, cut(a), cut(b))
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

type Documents = ReadonlyMap<string, JsonObject>
const documents = (state: State): Documents => new Map([...state].map(([id, { document }]) => [id, document]))

/** What a difference makes of the fleet, by what it tells alone. */
function applied(before: Documents, items: readonly Item[]): Documents {
  const after = new Map(before)
  for (const { records = [] } of items) {
    for (const { id, change } of records) if (change === "linked") after.delete(id)
  }
  for (const { entity, was, patch } of items) {
    const document = patched(before.get((was ?? entity).id), patch)
    if (document === undefined) after.delete(entity.id)
    else after.set(entity.id, document)
  }
  return after
}

/** The outermost fields that differ, found without any patch. */
function differing(a: JsonObject, b: JsonObject, path = ""): FieldChange[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) => {
    const [before, after, at] = [a[name], b[name], `${path}/${escapeKey(name)}`]
    if (isObject(before) && isObject(after)) return differing(before, after, at)
    return before === after ? [] : [{ path: at, before: before ?? null, after: after ?? null }]
  })
}

/** A path and all that it is in. */
const upwards = (path: string): string[] =>
  path === "" ? [] : [path, ...upwards(path.slice(0, path.lastIndexOf("/")))]

const byPath = (a: FieldChange, b: FieldChange) => (a.path < b.path ? -1 : 1)

describe("the difference of two points", () => {
  it("makes of the fleet at the one the fleet at the other, in either direction of time", () =>
    always(async ({ told, between }, from, to) => {
      const [before, after] = [documents(told.at(from)), documents(told.at(to))]
      const there = await between(from, to)
      expect(applied(before, there)).toStrictEqual(after)
      expect(applied(applied(before, there), await between(to, from))).toStrictEqual(before)
    }, 16))

  it("is the same by way of any point", () =>
    always(async ({ told, between }, from, to) => {
      const middle = Math.floor((from + to) / 2) as Position
      const halfway = applied(documents(told.at(from)), await between(from, middle))
      expect(applied(halfway, await between(middle, to))).toStrictEqual(documents(told.at(to)))
    }))

  it("is walked back by inverse patches", () =>
    always(async ({ told, between }, from, to) => {
      for (const { entity, was, change, patch } of await between(from, to)) {
        if (change !== "modified") continue
        const after = told.at(to).get(entity.id)?.document
        expect(patched(after, invertPatch(patch))).toStrictEqual(told.at(from).get((was ?? entity).id)?.document)
      }
    }))

  it("is nothing between a point and itself, nor where nothing that anybody sees is different", () =>
    always(async ({ told, between }, from, to) => {
      expect(await between(from, from)).toStrictEqual([])
      const same = (a: Entity | undefined, b: Entity) =>
        a !== undefined && differing(a.document, b.document).length === 0 && a.records.join() === b.records.join()
      for (const { entity, was, change } of await between(from, to)) {
        const [before, after] = [told.at(from).get((was ?? entity).id), told.at(to).get(entity.id)]
        if (change === "modified" && after !== undefined) expect(same(before, after) && was === undefined).toBe(false)
      }
    }))

  it("says of each entity what became of it; a machine that is part of another, or came out of one, was neither created nor removed", () =>
    always(async ({ told, between }, from, to) => {
      const items = await between(from, to)
      const [before, after] = [told.at(from), told.at(to)]
      const holders = (state: State, id: string) =>
        [...state].find(([, { records }]) => records.includes(id as RecordId))
      for (const { entity, change, was } of items) {
        if (change === "created") {
          expect([before.has(entity.id), holders(before, entity.id)]).toStrictEqual([false, undefined])
          expect(after.has(entity.id)).toBe(true)
        }
        if (change === "removed") {
          expect([after.has(entity.id), holders(after, entity.id)]).toStrictEqual([false, undefined])
          expect(before.has(entity.id)).toBe(true)
        }
        if (change === "modified")
          expect([before.has((was ?? entity).id), after.has(entity.id)]).toStrictEqual([true, true])
        expect(was !== undefined && before.has(entity.id)).toBe(false)
      }
      expect(new Set(items.map(({ entity }) => entity.id)).size).toBe(items.length)
    }, 16))

  it("tells each modified field with what it was and is, down into the items of collections", () =>
    always(async ({ told, between }, from, to) => {
      for (const { entity, was, change, changes } of await between(from, to)) {
        const [before, after] = [told.at(from).get((was ?? entity).id), told.at(to).get(entity.id)]
        const fields = change === "modified" ? differing(before?.document ?? {}, after?.document ?? {}) : []
        expect(changes).toStrictEqual(fields.sort(byPath))
      }
    }, 16))

  it("of one field is what each modified entity differs in there, and no more", () =>
    always(async ({ views, ledger, between }, from, to) => {
      const whole = (await between(from, to)).filter(({ change }) => change === "modified")
      const isOf = (field: string, path: string) => path === field || path.startsWith(`${field}/`)
      const fields = new Set(whole.flatMap(({ changes }) => changes.flatMap(({ path }) => upwards(path))))
      for (const field of [...fields].slice(0, 12)) {
        const found = await difference(views, ledger, { from, to, field })
        const items = await itemsBetween(views, ledger, { from, to, field })
        const holders = new Set(upwards(field).slice(1))
        const there = items.map(({ changes }) => changes.filter(({ path }) => !holders.has(path)))
        const expected = whole.map(({ changes }) => changes.filter(({ path }) => isOf(field, path)))
        expect(there.filter((changes) => changes.length > 0)).toStrictEqual(expected.filter(({ length }) => length > 0))
        expect(found.summary).toStrictEqual({ created: 0, modified: items.length, removed: 0 })
        for (const { changes, patch } of items) {
          expect(changes.every(({ path }) => isOf(field, path) || holders.has(path))).toBe(true)
          expect(changesOf(patch)).toStrictEqual(changes)
        }
      }
    }))

  it("is the same by what events touched as by going through all that is kept", () =>
    always(async ({ views, ledger }, from, to) => {
      const by = async (way: "touched" | "states") =>
        JSON.stringify(await itemsBetween(views, ledger, { from, to, way }))
      expect(await by("touched")).toBe(await by("states"))
    }, 16))

  it("calls entities by their name where they are there, targets first, then stacks, then services, in order of name", () =>
    always(async ({ told, between }, from, to) => {
      const items = await between(from, to)
      for (const { entity, change } of items) {
        expect(entity.name).toBe(told.at(change === "removed" ? from : to).get(entity.id)?.name)
      }
      const order = items.map(({ entity: { kind, name } }) => `${["target", "stack", "service"].indexOf(kind)} ${name}`)
      expect(order).toStrictEqual([...order].sort())
    }))
})

describe("a difference in groups", () => {
  it("is put together from its groups, whatever it is grouped by", () =>
    always(async ({ views, ledger }, from, to) => {
      const whole = await itemsBetween(views, ledger, { from, to })
      for (const by of ["change", "source", "actor"] as const) {
        const parts = await itemsBetween(views, ledger, { from, to, by })
        const { groups, summary } = await difference(views, ledger, { from, to, by })
        const order = new Set(parts.map(({ group }) => group))
        expect([...order]).toStrictEqual(groups.map(({ group }) => group))
        for (const { group, ...counts } of groups) {
          const own = parts.filter((part) => part.group === group)
          for (const change of ["created", "modified", "removed"] as const) {
            expect(own.filter((part) => part.change === change).length).toBe(counts[change])
          }
        }
        for (const item of whole) {
          const own = parts.filter(({ entity }) => entity.id === item.entity.id)
          expect(own.flatMap(({ changes }) => changes).sort(byPath)).toStrictEqual(item.changes)
          expect(own.flatMap(({ patch }) => patch).length).toBe(item.patch.length)
          expect(own.flatMap(({ records = [] }) => records)).toStrictEqual(item.records ?? [])
        }
        expect(summary.created + summary.modified + summary.removed).toBe(whole.length)
      }
    }))

  it("names who wrote each field last", () =>
    always(async ({ views, ledger, told: { events } }, from, to) => {
      const [earlier, later] = [Math.min(from, to), Math.max(from, to)]
      for (const { group, changes, was, entity } of await itemsBetween(views, ledger, { from, to, by: "actor" })) {
        if (was !== undefined || entity.kind === "target") continue
        for (const { path } of changes) {
          const writer = events.findLast(
            (event) =>
              event.position > earlier &&
              event.position <= later &&
              event.stream.endsWith(entity.id) &&
              writes(event, path),
          )
          expect(writer?.metadata.actor ?? "no event").toBe(group)
        }
      }
    }))
})

/** Whether an event writes something at a path, above it or beneath it. */
function writes(event: RecordedEvent, path: string): boolean {
  return patchOf(event).some(
    ({ op, path: own }) => op !== "test" && (own === path || own.startsWith(`${path}/`) || path.startsWith(`${own}/`)),
  )
}
