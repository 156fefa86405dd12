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
  const inner = unwrap(schema)
  if (!isObject(observed)) return observed
  const before: JsonObject = isObject(known) ? known : {}
  const after: Record<string, Json> = {}
  if (inner instanceof z.ZodRecord) {
    for (const [key, item] of Object.entries(observed)) {
      after[key] = reconcile(inner.valueType as z.ZodType, before[key], item)
    }
    return after
  }
  if (!(inner instanceof z.ZodObject)) return observed
  for (const [name, field] of Object.entries<z.ZodType>(inner.shape)) {
    if (fieldClassOf(field) === "gauge") continue
    const seen = observed[name]
    const value = seen === undefined ? before[name] : reconcile(field, before[name], seen)
    if (value !== undefined) after[name] = value
  }
  return after
}

/** The gauges of a facet by their path, e.g. `/storage/filesystems/fs:~1/usedPercent`. */
export function gaugesOf(schema: z.ZodType, path: string, observed: Json): Map<string, number> {
  const gauges = new Map<string, number>()
  collectGauges(schema, path, observed, gauges)
  return gauges
}

function collectGauges(schema: z.ZodType, path: string, observed: Json | undefined, gauges: Map<string, number>): void {
  if (fieldClassOf(schema) === "gauge") {
    if (typeof observed === "number") gauges.set(path, observed)
    return
  }
  if (!isObject(observed)) return
  const inner = unwrap(schema)
  for (const [key, value] of Object.entries(observed)) {
    const member =
      inner instanceof z.ZodRecord ? inner.valueType : inner instanceof z.ZodObject ? inner.shape[key] : undefined
    if (member !== undefined) collectGauges(member as z.ZodType, `${path}/${escapeKey(key)}`, value, gauges)
  }
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType
  return inner
}
