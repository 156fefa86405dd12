/** Every event there is: strict, versioned, and with a class for each field that a look can see. */
import { type EventType, catalog, changeTypes, checkCatalog, eventTypes, upcast, validate } from "#events/catalog.js"
import { type EventDefinition, account, change } from "#events/define.js"
import { type FieldClass, fieldClassOf, ledgered } from "#events/facets/field.js"
import { stackDocument, stackFacets } from "#events/facets/stack.js"
import { serviceDocument, serviceFacets } from "#events/facets/service.js"
import { targetDocument, targetFacets } from "#events/facets/target.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { atVersion } from "#tests/support/later-version.js"
import { refusalOf } from "#tests/support/refusal.js"
import { payloads } from "#tests/support/sample-events.js"
import { prefixesOf } from "#tests/support/collection-keys.js"
import * as z from "zod"
import { describe, expect, it } from "vitest"

interface Field {
  readonly path: readonly string[]
  readonly schema: z.ZodType
  readonly class: FieldClass | undefined
}

/** The fields of a facet, as deep as they go. An item of a collection stands under a key that its collection allows. */
function fieldsOf(schema: z.ZodType, path: readonly string[]): Field[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return fieldsOf(schema.unwrap() as z.ZodType, path)
  if (schema instanceof z.ZodRecord)
    return fieldsOf(schema.valueType as z.ZodType, [...path, keyFor(schema.keyType as z.ZodType)])
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries<z.ZodType>(schema.shape).flatMap(([name, field]) => {
    const at = [...path, name]
    return [{ path: at, schema: field, class: fieldClassOf(field) }, fieldsOf(field, at)].flat()
  })
}

/** One of the keys that a collection allows. */
function keyFor(keys: z.ZodType): string {
  return `${prefixesOf(keys)[0]}:a`
}

const kinds = [
  ["target", targetFacets, targetDocument],
  ["service", serviceFacets, serviceDocument],
  ["stack", stackFacets, stackDocument],
] as const

const fields = (facets: Readonly<Record<string, z.ZodType>>) =>
  Object.entries(facets).flatMap(([facet, schema]) => fieldsOf(schema, [facet]))

/** A document that holds `null`, which every field may be, at one path only. */
const documentWith = (path: readonly string[]): JsonObject => ({
  lifecycle: "observed",
  ...(path.reduceRight<Json>((inner, name) => ({ [name]: inner }), null) as JsonObject),
})

describe.each(kinds)("the facets of a %s", (_, facets, document) => {
  it("give every field a class", () => {
    expect(
      fields(facets)
        .filter((field) => field.class === undefined)
        .map(({ path }) => path.join("/")),
    ).toStrictEqual([])
    expect(fields(facets).length).toBeGreaterThan(3)
  })

  it("let every field but a gauge into the document, and no gauge", () => {
    for (const { path, class: fieldClass } of fields(facets)) {
      expect({ path, passes: document.safeParse(documentWith(path)).success }).toStrictEqual({
        path,
        passes: fieldClass !== "gauge",
      })
    }
  })

  it("let no field into the document that nobody declared", () => {
    for (const facet of Object.keys(facets)) {
      expect(document.safeParse(documentWith([facet, "surprise"])).success).toBe(false)
    }
    expect(document.safeParse(documentWith(["surprise"])).success).toBe(false)
  })

  it("let every field be null, or missing", () => {
    for (const { path, schema } of fields(facets)) {
      expect({ path, null: schema.safeParse(null).success }).toStrictEqual({ path, null: true })
      expect({ path, missing: schema.safeParse(undefined).success }).toStrictEqual({ path, missing: true })
    }
  })
})

it("gauges are among the fields of a target, so that the claim above is about something", () => {
  const gauges = fields(targetFacets).filter((field) => field.class === "gauge")
  expect(gauges.map(({ path }) => path.at(-1))).toContain("usedPercent")
})

it("a facet without its gauges keeps its other fields and their collections", () => {
  const stripped = fields({ network: ledgered(targetFacets.network) }).map(({ path }) => path.join("/"))
  const kept = fields({ network: targetFacets.network }).filter((field) => field.class !== "gauge")
  expect(stripped).toStrictEqual(kept.map(({ path }) => path.join("/")))
})

describe("every event", () => {
  it.each(eventTypes)("%s takes its sample and refuses any key that nobody declared, at any depth", (type) => {
    expect(() => validate({ type, data: payloads[type] })).not.toThrow()
    for (const path of strictPlaces(catalog[type].data)) {
      const data = structuredClone(payloads[type]) as Record<string, unknown>
      const place = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], data)
      if (typeof place !== "object" || place === null) continue
      Object.assign(place, { surprise: 1 })
      expect(() => validate({ type, data }), `at /${path.join("/")}`).toThrow(/surprise/)
    }
  })

  it.each(eventTypes)("%s is strict in every object of its schema", (type) => {
    expect(looseObjects(catalog[type].data, type)).toStrictEqual([])
  })

  it("would be found loose, wherever in it an object takes any key", () => {
    const loose = z.object({ op: z.literal("loose") })
    const hidden = z.array(z.discriminatedUnion("op", [z.strictObject({ op: z.literal("strict") }), loose]))
    const schema = z.strictObject({ list: hidden.optional(), map: z.record(z.string(), loose.nullable()) })
    expect(looseObjects(schema, "")).toStrictEqual(["/list/0/1", "/map/*"])
    expect(looseObjects(loose, "Event")).toStrictEqual(["Event"])
  })

  it("is a change exactly when it alters a record", () => {
    const linking = new Set(["RecordsLinked", "RecordsUnlinked"])
    const ofRecords = eventTypes.filter(
      (type) => ["target", "service", "stack"].includes(catalog[type].family) || linking.has(type),
    )
    expect(changeTypes).toStrictEqual(ofRecords)
  })

  it("has a sample, and no sample is without its event", () => {
    expect(Object.keys(payloads).sort()).toStrictEqual([...eventTypes].sort())
  })
})

/** The inner schemas of one, each with the name by which it is reached. */
function inside(schema: z.ZodType): [string, z.ZodType][] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return inside(schema.unwrap() as z.ZodType)
  }
  if (schema instanceof z.ZodObject) return Object.entries<z.ZodType>(schema.shape)
  if (schema instanceof z.ZodRecord) return [["*", schema.valueType as z.ZodType]]
  if (schema instanceof z.ZodArray) return [["0", schema.element as z.ZodType]]
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).map((option, index) => [`${index}`, option])
  return []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const wraps = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
  return wraps ? unwrapped(schema.unwrap() as z.ZodType) : schema
}

function looseObjects(schema: z.ZodType, path: string): string[] {
  const object = unwrapped(schema)
  const isLoose = object instanceof z.ZodObject && !(object.def.catchall instanceof z.ZodNever)
  return [
    ...(isLoose ? [path] : []),
    ...inside(object).flatMap(([name, inner]) => looseObjects(inner, `${path}/${name}`)),
  ]
}

/** Paths of a payload's objects that are strict, as far as they are reached by names alone. */
function strictPlaces(schema: z.ZodType, path: readonly string[] = []): (readonly string[])[] {
  const object = unwrapped(schema)
  if (!(object instanceof z.ZodObject)) return []
  return [path, ...inside(object).flatMap(([name, inner]) => strictPlaces(inner, [...path, name]))]
}

const definition = (version: number, from: readonly number[]): EventDefinition => ({
  ...change("target", z.strictObject({})),
  version,
  upcasters: Object.fromEntries(from.map((older) => [older, (data: JsonObject) => data])),
})

describe("checking the catalog", () => {
  it("finds nothing wrong with ours", () => {
    expect(() => checkCatalog()).not.toThrow()
  })

  it.each([
    [1, []],
    [2, [1]],
    [4, [3, 1, 2]],
    [11, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ])("finds nothing wrong with version %i and upcasters from %j", (version, from) => {
    expect(() => checkCatalog({ Good: definition(version, from) })).not.toThrow()
  })

  it.each([
    ["a missing one", 2, []],
    ["a gap", 4, [1, 3]],
    ["none for the first version", 3, [2]],
    ["another than the one it needs", 3, [1, 3]],
    ["one too many", 1, [1]],
    ["one of the current version", 3, [1, 2, 3]],
    ["one of no version", 2, [0, 1]],
  ])("catches %s, naming the event", (_, version, from) => {
    expect(() => checkCatalog({ Good: definition(1, []), Bad: definition(version, from) })).toThrow(
      /^bug: Bad is at version/,
    )
  })

  it("starts every event at version 1, a change or an account", () => {
    expect(change("target", z.strictObject({}))).toMatchObject({ version: 1, change: true, upcasters: {} })
    expect(account("source", z.strictObject({}))).toMatchObject({ version: 1, change: false, upcasters: {} })
  })
})

/** An upcaster that writes down which version it made, and what number it was. */
const step = (to: number) => (data: JsonObject) => ({ ...data, [`to ${to}`]: Object.keys(data).length + 1 })

describe("upcasting", () => {
  const type: EventType = "TargetUnseen"

  it("goes from the version an event was written in to the current one, step by step", () => {
    atVersion(type, 4, { 1: step(2), 2: step(3), 3: step(4) })
    expect([1, 2, 3, 4].map((version) => upcast(type, version, {}))).toStrictEqual([
      { "to 2": 1, "to 3": 2, "to 4": 3 },
      { "to 3": 1, "to 4": 2 },
      { "to 4": 1 },
      {},
    ])
  })

  it("leaves the payload that it was given as it was", () => {
    atVersion(type, 2, { 1: step(2) })
    const written = Object.freeze({ from: 1 })
    expect(upcast(type, 1, written)).toStrictEqual({ from: 1, "to 2": 2 })
    expect(written).toStrictEqual({ from: 1 })
  })

  it("refuses a newer version than it knows", async () => {
    const error = await refusalOf(() => upcast(type, 2, {}))
    expect(error).toMatchObject({ code: "NewerVersion", kind: "data" })
    expect(error.message).toMatch(/TargetUnseen version 2 .* knows version 1/)
  })
})
