/**
 * The laws of src/discovery/decide.ts, over any known document and any look that saw any part of it. The state of a service that flaps is as if no look saw
 * it; what begins and ends that has laws of its own.
 */
import { type FleetEvent, validate } from "#events/catalog.js"
import { fieldClassOf } from "#events/facets/field.js"
import { serviceDocument, serviceStatus } from "#events/facets/service.js"
import { stackDocument } from "#events/facets/stack.js"
import { type ResourceStatus, targetDocument } from "#events/facets/target.js"
import { facetsOf } from "#discovery/facets.js"
import { decideDiscovered, decideMissing, decideSeen, decideTurn } from "#discovery/decide.js"
import type { EntityKind, Observation } from "#discovery/observation.js"
import { type RecordId, recordId } from "#kernel/ids.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { escapeKey } from "#kernel/patch.js"
import { evolve } from "#projections/inventory/evolve.js"
import { anyDocument, anyObservation, anyResources, flaps, kinds, quickPolicy } from "#tests/support/random-history.js"
import * as fc from "fast-check"
import * as z from "zod"
import { describe, expect, it } from "vitest"

const schemas = { target: targetDocument, service: serviceDocument, stack: stackDocument } as const
const anyLifecycle = fc.constantFrom("observed", "unseen", "retired")
const provenance = { source: "here", nativeKey: "a", generation: 0 }
const machine: RecordId = recordId("here", "target", "a")

interface Case {
  readonly known: JsonObject
  readonly observation: Observation
  readonly resources: Readonly<Record<string, ResourceStatus>>
}

function anyCase(kind: EntityKind): fc.Arbitrary<Case> {
  const document = fc.tuple(anyDocument(kind), anyLifecycle).map(([known, lifecycle]) => ({
    ...known,
    lifecycle: kind !== "target" && lifecycle === "unseen" ? "observed" : lifecycle,
  }))
  const resources = kind === "target" ? anyResources : fc.constant({})
  return fc.record({ known: document, observation: anyObservation(kind), resources }, { noNullPrototype: true })
}

const evolved = (known: JsonObject, events: readonly FleetEvent[]) => events.reduce(evolve, known)

/** Every path into a value, with what stands there. */
function nodes(value: Json, path = ""): (readonly [string, Json])[] {
  const own = path === "" ? [] : [[path, value] as const]
  if (!isObject(value)) return own
  return [...own, ...Object.entries(value).flatMap(([key, member]) => nodes(member, `${path}/${escapeKey(key)}`))]
}

/** Where the facets of a kind have collections and gauges: paths with `*` for an item, read off the schemas. */
function placesOf(schema: z.ZodType, path: string): { path: string; is: "collection" | "gauge" }[] {
  if (fieldClassOf(schema) === "gauge") return [{ path, is: "gauge" }]
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return placesOf(schema.unwrap() as z.ZodType, path)
  }
  if (schema instanceof z.ZodRecord) {
    return [{ path, is: "collection" }, ...placesOf(schema.valueType as z.ZodType, `${path}/*`)]
  }
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape).flatMap(([name, field]) => placesOf(field as z.ZodType, `${path}/${name}`))
}

const places = new Map(
  kinds.flatMap((kind) =>
    placesOf(z.strictObject(facetsOf[kind]), "").map(({ path, is }) => [`${kind} ${path}`, is] as const),
  ),
)
const placeOf = (kind: EntityKind, path: string) => places.get(`${kind} ${path.replaceAll(/[^/]*:[^/]*/g, "*")}`)
const itemsOf = (value: Json | undefined) => (isObject(value) ? Object.keys(value).sort() : value)
/** A document without what is concluded rather than seen. */
const facetsIn = (document: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== "lifecycle" && name !== "resources"))
/** What counts of a look. */
const counting = ({ known, observation: { facets } }: Case): Observation["facets"] => {
  const { state: _, ...others } = facets
  return known["flapping"] === true ? others : facets
}
const scalarOf = (value: Json | undefined) => (isObject(value) ? "an object" : value)
const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/"))

/** Whether a look that saw `seen` says something about a path: it saw it, or what holds it and not it. */
function wasLookedAt(kind: EntityKind, seen: ReadonlyMap<string, Json>, path: string): boolean {
  if (seen.has(path)) return true
  for (let holder = parentOf(path), item = path; holder !== ""; item = holder, holder = parentOf(holder)) {
    if (!seen.has(holder)) continue
    return !isObject(seen.get(holder)) || (placeOf(kind, holder) === "collection" && !seen.has(item))
  }
  return false
}

describe.each(kinds)("a look at a known %s", (kind) => {
  const withEverySeen = (numRuns: number, claim: (given: Case, after: JsonObject, events: FleetEvent[]) => void) =>
    fc.assert(
      fc.property(anyCase(kind), (given) => {
        const events = decideSeen(given.known, given.observation, given.resources)
        claim(given, evolved(given.known, events), events)
      }),
      { numRuns },
    )

  it("makes known what it saw: each field, each null, each item and no other item", () => {
    withEverySeen(300, (given, after) => {
      const known = new Map(nodes(after))
      const seen = nodes(counting(given)).filter(([path]) => placeOf(kind, path) !== "gauge")
      const scalars = seen.filter(([, value]) => !isObject(value))
      expect(scalars.map(([path]) => [path, known.get(path)])).toStrictEqual(scalars)
      const collections = seen.filter(([path]) => placeOf(kind, path) === "collection")
      expect(collections.map(([path]) => itemsOf(known.get(path)))).toStrictEqual(
        collections.map(([, value]) => itemsOf(value)),
      )
    })
  })

  it("leaves what it did not look at", () => {
    withEverySeen(300, (given, after) => {
      const seen = new Map(nodes(counting(given)))
      const now = new Map(nodes(after))
      const kept = nodes(facetsIn(given.known)).filter(([path]) => !wasLookedAt(kind, seen, path))
      expect(kept.map(([path]) => [path, scalarOf(now.get(path))])).toStrictEqual(
        kept.map(([path, value]) => [path, scalarOf(value)]),
      )
    })
  })

  it("invents nothing: all that is known afterwards was known before or was seen", () => {
    withEverySeen(300, ({ known, observation }, after) => {
      const told = new Set([...nodes(known), ...nodes(observation.facets)].map(([path]) => path))
      for (const [path] of nodes(facetsIn(after))) expect(told).toContain(path)
      expect(after["lifecycle"]).toBe("observed")
    })
  })

  it("yields nothing when it is decided again", () => {
    withEverySeen(300, ({ observation, resources }, after) => {
      expect(decideSeen(after, observation, resources)).toStrictEqual([])
    })
  })

  it("yields events that the catalog takes, and a document without a gauge in it", () => {
    withEverySeen(300, (_, after, events) => {
      for (const event of events) validate(event)
      expect(schemas[kind].parse(after)).toStrictEqual(after)
      for (const [path] of nodes(after)) expect(placeOf(kind, path)).not.toBe("gauge")
    })
  })

  it("leaves the record in the states of its resources", () => {
    withEverySeen(300, ({ known, resources }, after) => {
      expect(after["resources"]).toStrictEqual(kind === "target" ? resources : known["resources"])
    })
  })
})

/** What a user with fewer rights sees of the same thing: some fields are missing, and no item of a collection is. */
function lesser(kind: EntityKind, value: JsonObject, sees: () => boolean, path = ""): JsonObject {
  const items = placeOf(kind, path) === "collection"
  return Object.fromEntries(
    Object.entries(value)
      .filter(() => sees() || items)
      .map(([key, member]) => {
        const at = `${path}/${escapeKey(key)}`
        return [key, isObject(member) ? lesser(kind, member, sees, at) : member]
      }),
  )
}

describe.each(kinds)("looks at a %s by two users in turn", (kind) => {
  const anyTwo = fc
    .tuple(anyObservation(kind), fc.array(fc.boolean(), { minLength: 7, maxLength: 31 }))
    .map(([full, mask]): readonly [Observation, Observation] => {
      let turn = 0
      const sees = () => mask[turn++ % mask.length] as boolean
      return [full, { ...full, facets: lesser(kind, full.facets, sees) as Observation["facets"] }]
    })

  it("yield nothing new once the one who sees more has looked, whoever looked first", () => {
    fc.assert(
      fc.property(anyTwo, anyCase(kind), fc.boolean(), ([more, less], { known, resources }, moreFirst) => {
        let document = moreFirst ? known : evolved(known, decideSeen(known, less, resources))
        document = evolved(document, decideSeen(document, more, resources))
        expect(decideSeen(document, less, resources)).toStrictEqual([])
        expect(decideSeen(document, more, resources)).toStrictEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

describe.each(kinds)("the first look at a %s", (kind) => {
  it("gives the document that a second such look finds nothing new in", () => {
    fc.assert(
      fc.property(anyCase(kind), ({ observation, resources }) => {
        const event = decideDiscovered(observation, provenance, resources, machine)
        validate(event)
        const document = evolve({}, event)
        expect(decideSeen(document, observation, resources)).toStrictEqual([])
        expect(schemas[kind].parse(document)).toStrictEqual(document)
      }),
      { numRuns: 300 },
    )
  })
})

describe.each(kinds)("complete looks that miss a %s", (kind) => {
  it("change nothing but its life and whether it runs, retire it unless it flaps, and then say no more", () => {
    fc.assert(
      fc.property(anyCase(kind), ({ known }) => {
        let document = known
        const isFlapping = known["flapping"] === true
        for (let looks = 1; looks <= 4; looks++) {
          const events = decideMissing(document, kind, looks, quickPolicy)
          for (const event of events) validate(event)
          document = evolved(document, events)
          const there =
            known["lifecycle"] === "retired" || (looks >= quickPolicy.retireAfterLooks && !isFlapping)
              ? "retired"
              : undefined
          expect(document["lifecycle"]).toBe(there ?? (kind === "target" ? "unseen" : "observed"))
          expect(decideMissing(document, kind, looks, quickPolicy)).toStrictEqual([])
        }
        const { lifecycle: _, state: was, ...before } = known
        const { lifecycle: __, state: is, ...after } = document
        expect(after).toStrictEqual(before)
        const status = isObject(was) ? was["status"] : undefined
        const stops = typeof status === "string" && known["lifecycle"] !== "retired" && !isFlapping
        expect(is).toStrictEqual(stops ? { status: "stopped" } : was)
      }),
      { numRuns: 300 },
    )
  })

  it("are forgotten when it is seen again: its return comes first, and it is observed", () => {
    fc.assert(
      fc.property(anyCase(kind), fc.integer({ min: 1, max: 3 }), ({ known, observation, resources }, looks) => {
        const missed = evolved(known, decideMissing(known, kind, looks, quickPolicy))
        const [first] = decideSeen(missed, observation, resources)
        const returned = first?.type.endsWith("Reappeared") ?? false
        expect(returned).toBe(missed["lifecycle"] !== "observed")
        expect(evolved(missed, decideSeen(missed, observation, resources))["lifecycle"]).toBe("observed")
      }),
      { numRuns: 300 },
    )
  })
})

describe("a service that begins to flap, or has settled", () => {
  const status = fc.constantFrom(...serviceStatus.options)
  const started = fc.record({ is: fc.constant("started" as const), changes: fc.nat(), withinMs: fc.nat() })
  const ended = fc.record({ is: fc.constant("ended" as const), count: fc.nat() })

  it("changes its status and nothing else: to unknown, or to what was seen; a look finds no other state then", () => {
    fc.assert(
      fc.property(anyCase("service"), status, status, fc.oneof(started, ended), ({ known }, was, seen, turn) => {
        const { flapping: _, state: __, ...others } = known
        const ends = turn.is === "ended"
        const before = ends ? { ...others, ...flaps } : { ...others, state: { status: was } }
        const event = decideTurn(was, seen, turn)
        validate(event)
        const after = evolve(before, event)
        expect(after).toStrictEqual(ends ? { ...others, state: { status: seen } } : { ...others, ...flaps })
        expect(serviceDocument.parse(after)).toStrictEqual(after)
        const look = { kind: "service", nativeKey: "a", facets: { state: { status: seen } } } as const
        expect(decideSeen(after, look, {}).map(({ type }) => type)).not.toContain("ServiceStateChanged")
      }),
      { numRuns: 300 },
    )
  })
})
