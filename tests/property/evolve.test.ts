/** The fold of a record's events: pure, the same in place, and walked back by inverse patches to where it began. */
import { type EventType, type FleetEvent, catalog, eventTypes } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { applyPatch, escapeKey, invertPatch } from "#kernel/patch.js"
import { evolve, evolveInPlace, replay } from "#projections/inventory/evolve.js"
import { emptyDocument, patchOf } from "#projections/inventory/patch-of.js"
import { documentOf, unitAt, unitsOf } from "#projections/inventory/units.js"
import { type History, anyDocument, anyHistory, byStream, kinds } from "#tests/support/random-history.js"
import { payloads } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const anyRecordDocument = fc.oneof(...kinds.map(anyDocument))

/** The events of each record of a history. */
function records(history: History): FleetEvent[][] {
  const events = history.flatMap(({ stream, events: own }) => own.map((event) => ({ stream, ...event })))
  return [...byStream(events).values()]
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

describe("evolving a document", () => {
  it("gives what evolving in place gives", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        for (const events of records(history)) {
          let document = emptyDocument
          const draft: JsonObject = {}
          for (const event of events) {
            document = evolve(document, event)
            evolveInPlace(draft, event)
            expect(document).toStrictEqual(draft)
          }
          expect(replay(events)).toStrictEqual(draft)
        }
      }),
      { numRuns: 100 },
    )
  })

  it("changes neither the document it begins with nor the event, now or later", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        for (const events of records(history)) {
          const given = canonicalJson(events)
          const documents: JsonObject[] = [emptyDocument]
          const texts: string[] = ["{}"]
          for (const event of events) {
            const document = evolve(frozen(documents.at(-1) as JsonObject), event)
            documents.push(document)
            texts.push(canonicalJson(document))
          }
          expect(documents.map(canonicalJson)).toStrictEqual(texts)
          const draft: JsonObject = {}
          for (const event of events) evolveInPlace(draft, event)
          expect(canonicalJson(events)).toBe(given)
        }
      }),
      { numRuns: 100 },
    )
  })

  it("is walked back by inverse patches, event by event, to before the first", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        for (const events of records(history)) {
          const texts = events.map((_, index) => canonicalJson(replay(events.slice(0, index))))
          const document = replay(events)
          for (const [index, event] of [...events.entries()].reverse()) {
            applyPatch(document, invertPatch(patchOf(event)))
            expect(canonicalJson(document)).toBe(texts[index])
          }
          expect(document).toStrictEqual(emptyDocument)
        }
      }),
      { numRuns: 100 },
    )
  })
})

const sampled = (type: EventType) => ({ type, data: payloads[type] }) as FleetEvent

/** For each event a document that it fits. */
const fitting: { readonly [T in EventType]: JsonObject } = {
  TargetDiscovered: {},
  TargetChanged: { os: {} },
  TargetResourceStatusChanged: { resources: { "fs:/": "healthy" } },
  HostKeyChanged: { access: { offeredHostKey: null } },
  TargetRoleAssigned: { assigned: { role: null, roleBy: null, tags: {} } },
  TargetTagged: {},
  TargetUntagged: { assigned: { role: null, roleBy: null, tags: { "tag:web": { by: "rule" } } } },
  TargetUnseen: { lifecycle: "observed" },
  TargetReappeared: { lifecycle: "unseen" },
  TargetRetired: { lifecycle: "unseen" },
  ServiceDiscovered: {},
  ServiceChanged: { config: {} },
  ServiceStateChanged: { state: { status: "running" } },
  ServiceFlappingStarted: { state: { status: "running" } },
  ServiceFlappingEnded: { state: { status: "unknown" }, flapping: true },
  ServiceReappeared: { lifecycle: "retired" },
  ServiceRetired: { lifecycle: "observed" },
  StackDiscovered: {},
  StackChanged: { config: {} },
  StackReappeared: { lifecycle: "retired" },
  StackRetired: { lifecycle: "observed" },
  RecordsLinked: {},
  RecordsUnlinked: { link: { target: payloads.RecordsUnlinked.target } },
  RecordsDoubted: {},
  RecordsSeparated: {},
  DiscoveryCompleted: {},
  HostKeyTrusted: {},
  DiscoveryFailed: {},
  PolicyAdopted: {},
  SnapshotTaken: {},
  SnapshotDeleted: {},
  LedgerCheckpointed: {},
  SigningKeyRotated: {},
  LedgerRestored: {},
  LedgerFaultFound: {},
  LedgerFoundSound: {},
  DataRedacted: {},
  RangeArchived: {},
  AlertRaised: {},
  AlertAcknowledged: {},
  AlertSilenced: {},
  AlertEscalated: {},
  AlertResolved: {},
  MaintenancePlanned: {},
  MaintenanceEnded: {},
  BaselineDeclared: {},
  BaselineWithdrawn: {},
  ChangeExpected: {},
  IntentWithdrawn: {},
  CheckStatusChanged: {},
  CheckEnded: {},
  DeadlinePassed: {},
  DataExported: {},
  AdministrationPerformed: {},
  AccessDenied: {},
}

describe.each(eventTypes)("the patch of a %s", (type) => {
  const event = sampled(type)
  const before = fitting[type]

  it("alters a document exactly if the event is a change, and its inverse restores it", () => {
    const after = evolve(before, event)
    expect(canonicalJson(after) === canonicalJson(before)).toBe(!catalog[type].change)
    const draft = structuredClone(after)
    applyPatch(draft, invertPatch(patchOf(event)))
    expect(draft).toStrictEqual(before)
  })
})

describe.each(eventTypes.filter((type) => patchOf(sampled(type)).some(({ op }) => op === "test")))("a %s", (type) => {
  it("fits no document in which that is not so what it replaces", () => {
    expect(() => evolve(evolve(fitting[type], sampled(type)), sampled(type))).toThrow(Error)
  })
})

/** Every path into a document, to its scalars and to what holds them. */
function pathsIn(value: Json, path = ""): string[] {
  if (!isObject(value)) return [path]
  const members = Object.entries(value).flatMap(([key, member]) => pathsIn(member, `${path}/${escapeKey(key)}`))
  return path === "" ? members : [path, ...members]
}

describe("the units of a document", () => {
  it("make it again, in whatever order they come", () => {
    const shuffled = anyRecordDocument.chain((document) => {
      const units = unitsOf("", document)
      return fc.tuple(fc.constant(document), fc.shuffledSubarray(units, { minLength: units.length }))
    })
    fc.assert(
      fc.property(shuffled, ([document, units]) => {
        expect(documentOf(units)).toStrictEqual(document)
        const again = unitsOf("", documentOf(units)).map((unit) => canonicalJson(unit))
        expect(again.sort()).toStrictEqual(units.map((unit) => canonicalJson(unit)).sort())
      }),
      { numRuns: 500 },
    )
  })

  it("are one for each path down to a scalar or an item: what points deeper points into an item", () => {
    fc.assert(
      fc.property(anyRecordDocument, (document) => {
        const units = new Set(unitsOf("", document).map(({ path }) => path))
        const pointed = pathsIn(document).map((path) => ({ path, ...unitAt(path) }))
        expect(new Set(pointed.map(({ unit }) => unit))).toStrictEqual(units)
        for (const { path, unit, inside } of pointed) {
          expect(unit + inside).toBe(path)
          expect(inside === "" || unit.includes(":")).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it("of a part of it are those beneath that part", () => {
    fc.assert(
      fc.property(anyRecordDocument, (document) => {
        const parts = Object.entries(document).flatMap(([facet, value]) => unitsOf(`/${facet}`, value))
        expect(parts).toStrictEqual(unitsOf("", document))
      }),
    )
  })
})
