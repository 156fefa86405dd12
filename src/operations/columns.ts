/** Lists as tables: which columns the items of an operation have. */
import * as z from "zod"
import type { Operation } from "./define.js"

/** Dotted paths to what one cell can hold, in the order of the schema; none where the operation answers with no list. */
export function columnsOf(operation: Operation): readonly string[] {
  const known = columns.get(operation)
  if (known !== undefined) return known
  const item = itemOf(operation)
  const found = item === undefined ? [] : pathsIn(item, [])
  columns.set(operation, found)
  return found
}
const columns = new WeakMap<Operation, readonly string[]>()

function itemOf(operation: Operation): z.ZodObject | undefined {
  if (operation.kind === "text") return undefined
  if (operation.kind === "stream") return operation.output
  const items = unwrapped(operation.output.shape["items"] as z.ZodType | undefined)
  const item = items instanceof z.ZodArray ? unwrapped(items.element as z.ZodType) : undefined
  return item instanceof z.ZodObject ? item : undefined
}

function pathsIn(object: z.ZodObject, path: readonly string[]): string[] {
  return Object.entries<z.ZodType>(object.shape).flatMap(([key, schema]) => {
    const inner = unwrapped(schema)
    return inner instanceof z.ZodObject ? pathsIn(inner, [...path, key]) : [[...path, key].join(".")]
  })
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unwrapped(schema.unwrap() as z.ZodType)
  return schema
}
