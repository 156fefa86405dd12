/** What may stand where in a document, by the schemas of what is known of machines, services and stacks. */
import * as z from "zod"
import { type FieldClass, fieldClassOf } from "#events/facets/field.js"
import { serviceDocument, serviceFacets } from "#events/facets/service.js"
import { stackDocument, stackFacets } from "#events/facets/stack.js"
import { targetDocument, targetFacets } from "#events/facets/target.js"
import type { Kind } from "#projections/inventory/read.js"

const documents: Readonly<Record<Kind, z.ZodType>> = {
  target: targetDocument,
  service: serviceDocument,
  stack: stackDocument,
}
const facets: Readonly<Record<Kind, Readonly<Record<string, z.ZodType>>>> = {
  target: targetFacets,
  service: serviceFacets,
  stack: stackFacets,
}

export interface Shape {
  /** An object's fields have names that are known; a collection's items have keys that are not. */
  readonly is: "object" | "collection" | "value"
  /** Names of an object's fields. */
  readonly members: readonly string[]
  /** What stands under a name or a key; undefined where nothing may. */
  at(key: string): Shape | undefined
}

export function documentShape(kind: Kind): Shape {
  return shapeOf(documents[kind])
}

const made = new WeakMap<z.ZodType, Shape>()

function shapeOf(schema: z.ZodType): Shape {
  const shape = made.get(schema) ?? shapeMade(schema)
  made.set(schema, shape)
  return shape
}

function shapeMade(schema: z.ZodType): Shape {
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodObject) {
    const members = new Map(Object.entries<z.ZodType>(bare.shape))
    return {
      is: "object",
      members: [...members.keys()],
      at(key) {
        const member = members.get(key)
        return member && shapeOf(member)
      },
    }
  }
  if (bare instanceof z.ZodRecord) {
    const item = bare.valueType as z.ZodType
    return { is: "collection", members: [], at: () => shapeOf(item) }
  }
  return { is: "value", members: [], at: () => undefined }
}

/**
 * Of which class a field is, by its path: its own, or that of what it is in. Undefined for what was concluded and not seen: lifecycle, bands, that a service flaps, links.
 */
export function classAt(kind: Kind, path: string): FieldClass | undefined {
  const [facet = "", ...rest] = path.split("/").slice(1)
  // People's word, which nothing but people's word or a rule changes.
  if (facet === "assigned") return "config"
  const schema = Object.hasOwn(facets[kind], facet) ? facets[kind][facet] : undefined
  return schema && classIn(schema, rest, "config")
}

function classIn(schema: z.ZodType, [key, ...rest]: readonly string[], around: FieldClass): FieldClass {
  const own = fieldClassOf(schema) ?? around
  const bare = unwrapped(schema)
  if (key === undefined) return own
  if (bare instanceof z.ZodRecord) return classIn(bare.valueType as z.ZodType, rest, own)
  const shape: Readonly<Record<string, z.ZodType>> = bare instanceof z.ZodObject ? bare.shape : {}
  const member = Object.hasOwn(shape, key) ? shape[key] : undefined
  return member === undefined ? own : classIn(member, rest, own)
}

function unwrapped(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema
}
