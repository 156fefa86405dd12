/**
 * Every field of a facet says of what class it is, and that decides what becomes of it:
 *
 * - `identity`, `config`, `state`: a difference is an event;
 * - `gauge`: a volatile number, measured and kept in a ring, never in an event.
 *
 * Derived values have no field (projections compute them) and secrets have none either (adapters drop them): schemas are strict, so
 * neither can slip in. A field is a value, `null` (looked, not there) or missing (not looked).
 */
import * as z from "zod"

export type FieldClass = "identity" | "config" | "state" | "gauge"

function fieldOf(fieldClass: FieldClass) {
  return <S extends z.ZodType>(schema: S) => schema.nullable().optional().meta({ fieldClass })
}

export const identity = fieldOf("identity")
export const config = fieldOf("config")
export const state = fieldOf("state")
export const gauge = fieldOf("gauge")

/** An object of items under keys `<prefix>:<native key>`; never an array, so that a patch names the item and not its index. */
export function collection<S extends z.ZodType>(prefix: string, item: S) {
  return z.record(z.string().regex(collectionKey(prefix), `a key that starts with "${prefix}:"`), item)
}

export function fieldClassOf(schema: z.ZodType): FieldClass | undefined {
  return schema.meta()?.["fieldClass"] as FieldClass | undefined
}

/** The schema of what may stand in an event: the facet's without its gauges, at any depth. */
export function ledgered<S extends z.ZodType>(schema: S): S {
  return strip(schema) as S
}

function strip(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return strip(schema.unwrap() as z.ZodType).optional()
  if (schema instanceof z.ZodNullable) return strip(schema.unwrap() as z.ZodType).nullable()
  if (schema instanceof z.ZodRecord) return z.record(schema.keyType, strip(schema.valueType as z.ZodType))
  if (!(schema instanceof z.ZodObject)) return schema
  const fields = Object.entries<z.ZodType>(schema.shape)
  return z.strictObject(
    Object.fromEntries(
      fields.filter(([, field]) => fieldClassOf(field) !== "gauge").map(([name, field]) => [name, strip(field)]),
    ),
  )
}

function collectionKey(prefix: string): RegExp {
  return new RegExp(`^(?:${prefix}):`)
}

const text = (max: number) => z.string().max(max)
/** Names, versions, addresses: what fits on a line. Adapters cut longer text before it gets here. */
export const line = text(1_024)
export const count = z.int().nonnegative()
export const percent = z.number().min(0).max(100)
