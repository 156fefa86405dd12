/**
 * What is known after a look: an observed field counts, a field that was not looked at stays as it was known, `null` is "not there". The items
 * of a collection are those that were seen. Guided by the facet's schema, which also says what is a gauge and so no part of it.
 */
import * as z from "zod"
import { fieldClassOf } from "#events/facets/field.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { escapeKey } from "#kernel/patch.js"

/** @returns the facet as it is known now, gauges left out */
export function reconcile(schema: z.ZodType, known: Json | undefined, observed: Json): Json {
  if (!isObject(observed)) return observed
  const { item, fields } = shapeOf(schema)
  if (item === undefined && fields === undefined) return observed
  const before: JsonObject = isObject(known) ? known : {}
  const after: Record<string, Json> = {}
  let isAsSeen = true
  const put = (name: string, value: Json, seen: Json | undefined) => {
    after[name] = value
    isAsSeen &&= value === seen
  }
  if (item !== undefined) {
    for (const [key, seen] of Object.entries(observed)) put(key, reconcile(item, before[key], seen), seen)
  } else {
    for (const [name, field] of fields ?? []) {
      if (shapeOf(field).isGauge) continue
      const seen = observed[name]
      const value = seen === undefined ? before[name] : reconcile(field, before[name], seen)
      if (value !== undefined) put(name, value, seen)
    }
  }
  // Itself where it is all that counts: many machines may share what was seen of them.
  return isAsSeen && Object.keys(after).length === Object.keys(observed).length ? observed : after
}

/** What was observed without its gauges: all of it that `reconcile` goes by. */
export function withoutGauges(schema: z.ZodType, observed: Json): Json {
  const { hasGauges, item, fields } = shapeOf(schema)
  if (!hasGauges || !isObject(observed)) return observed
  const rest: Record<string, Json> = {}
  for (const [key, value] of Object.entries(observed)) {
    const member = item ?? fields?.get(key)
    if (member !== undefined && !shapeOf(member).isGauge) rest[key] = withoutGauges(member, value)
  }
  return rest
}

/** The gauges of a facet by their path, e.g. `/storage/filesystems/fs:~1/usedPercent`. */
export function gaugesOf(schema: z.ZodType, path: string, observed: Json): Map<string, number> {
  const gauges = new Map<string, number>()
  collectGauges(schema, path, observed, gauges)
  return gauges
}

function collectGauges(schema: z.ZodType, path: string, observed: Json | undefined, gauges: Map<string, number>): void {
  const { isGauge, hasGauges, item, fields } = shapeOf(schema)
  if (isGauge) {
    if (typeof observed === "number") gauges.set(path, observed)
    return
  }
  if (!hasGauges || !isObject(observed)) return
  for (const [key, value] of Object.entries(observed)) {
    const member = item ?? fields?.get(key)
    if (member !== undefined) collectGauges(member, `${path}/${escapeKey(key)}`, value, gauges)
  }
}

/** What there is to know of a schema here: every field of every record is asked, at every look. */
interface Shape {
  readonly isGauge: boolean
  /** Whether it is one or has one, however deep. */
  readonly hasGauges: boolean
  /** Of a collection. */
  readonly item?: z.ZodType
  readonly fields?: ReadonlyMap<string, z.ZodType>
}

const shapes = new WeakMap<z.ZodType, Shape>()

function shapeOf(schema: z.ZodType): Shape {
  const known = shapes.get(schema)
  if (known !== undefined) return known
  const inner = unwrap(schema)
  const isGauge = fieldClassOf(schema) === "gauge"
  const item = inner instanceof z.ZodRecord ? (inner.valueType as z.ZodType) : undefined
  const fields = inner instanceof z.ZodObject ? new Map(Object.entries<z.ZodType>(inner.shape)) : undefined
  const members = item === undefined ? [...(fields?.values() ?? [])] : [item]
  const hasGauges = isGauge || members.some((member) => shapeOf(member).hasGauges)
  const shape = { isGauge, hasGauges, ...(item && { item }), ...(fields && { fields }) }
  shapes.set(schema, shape)
  return shape
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType
  return inner
}
