/**
 * Histories of a small fleet. Most steps are looks, turned into events by the code that discovery runs on, so that a history is one that
 * discovery could have written; others rewrite a whole document at once, as only the schemas allow. Names are few, so that things meet
 * again, and hostile.
 */
import type { FleetEvent, NewEvent, RecordedEvent } from "#events/catalog.js"
import { fieldClassOf } from "#events/facets/field.js"
import { assigner, resourceStatus, role } from "#events/facets/target.js"
import type { Assigned, ResourceStatus } from "#events/facets/target.js"
import { type Policy, defaultPolicy } from "#events/policy.js"
import { facetsOf } from "#discovery/facets.js"
import { decideDiscovered, decideMissing, decideSeen, decideTurn, statusOf } from "#discovery/decide.js"
import type { EntityKind, Observation } from "#discovery/observation.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type RecordId, type StreamName, recordId } from "#kernel/ids.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { patchBetween } from "#kernel/patch.js"
import { origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { evolve } from "#projections/inventory/evolve.js"
import * as fc from "fast-check"
import * as z from "zod"
import { anyText } from "./any-json.js"
import { prefixesOf } from "./collection-keys.js"
import { metadata, observedAt, payloads } from "./sample-events.js"

export interface Append {
  readonly stream: StreamName
  readonly events: readonly NewEvent[]
}
export type History = readonly Append[]

export const kinds = ["target", "service", "stack"] as const
/** Retires after two looks, so that short histories have retirements. */
export const quickPolicy: Policy = { ...defaultPolicy, retireAfterLooks: 2 }

const nativeNames = ["a", "b", "10", "__proto__", "constructor", "a/b~c", "~1", "ü ✓", "e\u0301", ""]
const text = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "10", "__proto__", "ünï/~ ✓") },
  { weight: 1, arbitrary: anyText },
)

/** Any value of a schema made of what facets are made of. @param gauges whether it has volatile numbers too, as a look has */
function anyOf(schema: z.ZodType, gauges: boolean): fc.Arbitrary<Json> {
  if (schema instanceof z.ZodOptional) return anyOf(schema.unwrap() as z.ZodType, gauges)
  if (schema instanceof z.ZodNullable) return fc.option(anyOf(schema.unwrap() as z.ZodType, gauges), { freq: 5 })
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...(schema.options as string[]))
  if (schema instanceof z.ZodString) return text
  if (schema instanceof z.ZodBoolean) return fc.boolean()
  if (schema instanceof z.ZodNumber) return fc.constantFrom(0, 1, 2, 80)
  if (schema instanceof z.ZodRecord) {
    const prefixes = prefixesOf(schema.keyType as z.ZodType)
    const fitting = fc.constantFrom(...prefixes.flatMap((prefix) => nativeNames.map((name) => `${prefix}:${name}`)))
    return fc.dictionary(fitting, anyOf(schema.valueType as z.ZodType, gauges), { maxKeys: 4, noNullPrototype: true })
  }
  if (!(schema instanceof z.ZodObject)) throw new Error(`no arbitrary for ${schema.type}`)
  return anyMembers(schema.shape, gauges)
}

/** Each as likely as not where there are few; of many, a few. */
function anyMembers(shape: Readonly<Record<string, z.ZodType>>, gauges: boolean): fc.Arbitrary<JsonObject> {
  const wanted = Object.entries(shape).filter(([, field]) => gauges || fieldClassOf(field) !== "gauge")
  const missing = Math.max(few, wanted.length - few)
  const members = wanted.map(([name, field]): [string, fc.Arbitrary<Json | undefined>] => [
    name,
    fc.oneof(
      { weight: few, arbitrary: anyOf(field, gauges) },
      { weight: missing, arbitrary: fc.constant<undefined>(undefined) },
    ),
  ])
  return fc
    .record(Object.fromEntries(members), { noNullPrototype: true })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JsonObject)
}
const few = 4

const anyFacets = {
  target: anyMembers(facetsOf.target, true) as fc.Arbitrary<Record<string, JsonObject>>,
  service: anyMembers(facetsOf.service, true) as fc.Arbitrary<Record<string, JsonObject>>,
  stack: anyMembers(facetsOf.stack, true) as fc.Arbitrary<Record<string, JsonObject>>,
}

/** What a look saw of one entity: any of its facets, in each any of its fields, gauges included. */
export function anyObservation(kind: EntityKind): fc.Arbitrary<Observation> {
  return anyFacets[kind].map((facets) => ({ kind, nativeKey: "a", on: "a", facets }))
}

const resourceNames = ["cpu", "memory", ...nativeNames.map((name) => `fs:${name}`)]
export const anyResources: fc.Arbitrary<Record<string, ResourceStatus>> = fc.dictionary(
  fc.constantFrom(...resourceNames),
  fc.constantFrom(...resourceStatus.options),
  { maxKeys: 4, noNullPrototype: true },
)

const anyAssigner = fc.constantFrom(...assigner.options)
export const anyAssigned: fc.Arbitrary<Assigned> = fc.record(
  {
    role: fc.constantFrom(null, ...role.options),
    roleBy: fc.option(anyAssigner),
    tags: fc.dictionary(
      fc.constantFrom("tag:web", "tag:db", "tag:10"),
      fc.option(fc.record({ by: anyAssigner }, { noNullPrototype: true })),
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
)

/** What is known of the state of a service that flaps. */
export const flaps = { state: { status: "unknown" }, flapping: true } as const

/** Any document that the schema of its kind allows. A facet of nothing but gauges has no place in one. */
export function anyDocument(kind: EntityKind): fc.Arbitrary<JsonObject> {
  const { usage: _, ...ledgered } = { usage: undefined, ...facetsOf[kind] }
  const facets = anyMembers(ledgered, false)
  if (kind === "stack") return facets.map((known) => ({ lifecycle: "observed", ...known }))
  if (kind === "service")
    return fc
      .tuple(facets, fc.boolean())
      .map(([known, doesFlap]) => ({ lifecycle: "observed", ...known, ...(doesFlap && flaps) }))
  const concluded = fc.record(
    { resources: anyResources, assigned: anyAssigned },
    { requiredKeys: [], noNullPrototype: true },
  )
  return fc.tuple(facets, concluded).map(([known, more]) => ({ lifecycle: "observed", ...known, ...more }))
}

interface Sighting {
  readonly key: number
  /** Which of the known targets a service or a stack runs on. */
  readonly on: number
  readonly facets: Record<string, JsonObject>
  readonly resources: Record<string, ResourceStatus>
  /** Whether a service begins to flap with it, or has settled. */
  readonly turns: boolean
}

type Step =
  | {
      readonly is: "look"
      readonly source: string
      readonly seen: Readonly<Record<EntityKind, readonly Sighting[]>>
      readonly complete: Readonly<Record<EntityKind, boolean>>
    }
  /** `via`: what one and the same event writes before it writes `to`, or what was there before. */
  | {
      readonly is: "rewrite"
      readonly record: number
      readonly to?: Readonly<Record<EntityKind, JsonObject>>
      readonly via?: JsonObject
    }
  | { readonly is: "account"; readonly type: "DiscoveryCompleted" | "DiscoveryFailed" | "PolicyAdopted" }

const anySightings = (kind: EntityKind) =>
  fc.uniqueArray(
    fc.record({ key: fc.nat(2), on: fc.nat(2), facets: anyFacets[kind], resources: anyResources, turns: fc.boolean() }),
    {
      selector: ({ key }) => key,
      maxLength: 2,
    },
  )
/** Mostly, as otherwise nothing is ever missed. */
const mostly = fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
const anyDocuments = fc.record({
  target: anyDocument("target"),
  service: anyDocument("service"),
  stack: anyDocument("stack"),
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant("look" as const),
      source: fc.constantFrom("here", "there"),
      seen: fc.record({
        target: anySightings("target"),
        service: anySightings("service"),
        stack: anySightings("stack"),
      }),
      complete: fc.record({ target: mostly, service: mostly, stack: mostly }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      { is: fc.constant("rewrite" as const), record: fc.nat(5), to: anyDocuments, via: anyDocument("target") },
      { requiredKeys: ["is", "record"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("account" as const),
      type: fc.constantFrom("DiscoveryCompleted" as const, "DiscoveryFailed" as const, "PolicyAdopted" as const),
    }),
  },
)

/** Appends in their order, each of which continues its stream. */
export const anyHistory: fc.Arbitrary<History> = fc.array(anyStep, { minLength: 3, maxLength: 12 }).map(historyOf)

interface Known {
  readonly kind: EntityKind
  readonly id: RecordId
  readonly source: string
  document: JsonObject
  misses: number
}

function historyOf(steps: readonly Step[]): History {
  const records = new Map<RecordId, Known>()
  const history: Append[] = []
  const write = (record: Known, events: readonly FleetEvent[]) => {
    if (events.length === 0) return
    record.document = events.reduce(evolve, record.document)
    history.push({ stream: `${record.kind}-${record.id}` as StreamName, events: events.map(stamped) })
  }
  for (const step of steps) {
    if (step.is === "look") look(step, records, write)
    else if (step.is === "rewrite") {
      const record = nth([...records.values()], step.record)
      if (record !== undefined) write(record, rewritten(record, step.to?.[record.kind], step.via))
    } else {
      const stream = step.type === "PolicyAdopted" ? "policy" : "source-here"
      history.push({
        stream: stream as StreamName,
        events: [stamped({ type: step.type, data: payloads[step.type] } as FleetEvent)],
      })
    }
  }
  return history
}

/** As a run of discovery decides. */
function look(
  { source, seen, complete }: Extract<Step, { is: "look" }>,
  records: Map<RecordId, Known>,
  write: (record: Known, events: readonly FleetEvent[]) => void,
): void {
  const found = new Set<RecordId>()
  for (const kind of kinds) {
    for (const { key, on, facets, resources, turns } of seen[kind]) {
      const nativeKey = nativeNames[key + 2] as string
      const id = recordId(source, kind, nativeKey)
      const targets = [...records.values()].filter((record) => record.kind === "target" && record.source === source)
      const target = nth(targets, on)?.id
      if (kind !== "target" && target === undefined) continue
      const observation: Observation = { kind, nativeKey, facets }
      const known = records.get(id)
      found.add(id)
      if (known === undefined) {
        const record = { kind, id, source, document: {}, misses: 0 }
        records.set(id, record)
        write(record, [decideDiscovered(observation, { source, nativeKey, generation: 0 }, resources, target)])
      } else {
        known.misses = 0
        if (turns) write(known, turned(known.document, observation))
        write(known, decideSeen(known.document, observation, kind === "target" ? resources : {}))
      }
    }
  }
  for (const record of records.values()) {
    if (record.source !== source || found.has(record.id) || !complete[record.kind]) continue
    record.misses += 1
    write(record, decideMissing(record.document, record.kind, record.misses, quickPolicy))
  }
}

function turned(document: JsonObject, { facets }: Observation): FleetEvent[] {
  const [was, seen] = [statusOf(document), statusOf({ state: facets["state"] ?? null })]
  if (was === undefined || seen === undefined) return []
  const started = { is: "started", changes: 4, withinMs: 60_000 } as const
  return [decideTurn(was, seen, document["flapping"] === true ? { is: "ended", count: 9 } : started)]
}

function rewritten({ kind, document }: Known, to = document, via = document): FleetEvent[] {
  const lifecycle = document["lifecycle"] as Json
  const [last, between] = [
    { ...to, lifecycle },
    { ...via, lifecycle },
  ]
  const patch = [...patchBetween(document, between), ...patchBetween(between, last)]
  if (patch.length === 0) return []
  const types = { target: "TargetChanged", service: "ServiceChanged", stack: "StackChanged" } as const
  return [{ type: types[kind], data: { facet: "os", patch } }]
}

function nth<T>(items: readonly T[], index: number): T | undefined {
  return items[index % items.length]
}

/** Some were seen before what is recorded in front of them, and some happened long before. */
function stamped(event: FleetEvent): NewEvent {
  const late = JSON.stringify(event.data).length % 4
  const earlier = (ms: number) => instant(epochMs(observedAt) - ms)
  const occurred = late === 3 ? { occurredAt: earlier(86_400_000) } : {}
  return { ...event, metadata, observedAt: earlier(late * 60_000), ...occurred }
}

/** Appends a history, some of it twice, as whoever got no answer does; and answers what the ledger made of it. */
export async function appendHistory(ledger: Ledger, history: History): Promise<readonly RecordedEvent[]> {
  const revisions = new Map<StreamName, number>()
  await Promise.all(
    history.flatMap(({ stream, events }, index) => {
      const revision = revisions.get(stream) ?? noStream
      revisions.set(stream, revision + events.length)
      const append = () => ledger.append(stream, revision, events, "history")
      return index % 3 === 0 ? [append(), append()] : [append()]
    }),
  )
  return ledger.readAll({ after: origin, limit: 10_000 })
}

/** What happened to each record, by its stream. */
export function byStream<E extends { readonly stream: StreamName }>(events: readonly E[]): Map<StreamName, E[]> {
  const streams = new Map<StreamName, E[]>()
  for (const event of events.filter(({ stream }) => /^(?:target|service|stack)-/.test(stream))) {
    streams.set(event.stream, [...(streams.get(event.stream) ?? []), event])
  }
  return streams
}
