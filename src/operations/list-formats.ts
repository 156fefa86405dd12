/** Items of lists with some of their fields alone, and in other formats than JSON. Columns are dotted paths (`columns.ts`). */
import { type Cell, csvLine } from "#kernel/csv.js"
import { FleetError } from "#kernel/errors.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { nearest } from "#kernel/nearest.js"

/**
 * Columns by their names or by what several begin with: `name,entity`.
 * @throws FleetError `InvalidInput`
 */
export function chosen(columns: readonly string[], fields: string): readonly string[] {
  if (columns.length === 0) throw new FleetError("InvalidInput", `"fields" chooses from a list, and this answers none`)
  return fields.split(",").flatMap((given) => {
    const name = given.trim()
    const found = columns.filter((column) => column === name || column.startsWith(`${name}.`))
    if (found.length > 0) return found
    const near = nearest(name, columns)
    const hint = near === undefined ? `there are ${columns.join(", ")}` : `did you mean "${near}"?`
    throw new FleetError("InvalidInput", `"fields" names "${name.slice(0, 80)}", which no item has; ${hint}`)
  })
}

/** What the columns say of an item, in its own shape. */
export function pick(item: JsonObject, columns: readonly string[]): JsonObject {
  const picked: Record<string, Json> = {}
  for (const column of columns) {
    const value = valueAt(item, column)
    if (value !== undefined) put(picked, column.split("."), value)
  }
  return picked
}

function put(into: Record<string, Json>, [key = "", ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) into[key] = value
  else put((into[key] ??= {}) as Record<string, Json>, rest, value)
}

export function csvOf(items: readonly JsonObject[], columns: readonly string[]): string {
  return csvLine(columns) + items.map((item) => csvRow(item, columns)).join("")
}

export function csvRow(item: JsonObject, columns: readonly string[]): string {
  return csvLine(columns.map((column) => cellOf(valueAt(item, column))))
}

export function ndjsonOf(items: readonly JsonObject[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join("")
}

/** Undefined where there is no such thing; null where what would hold it is null. */
export function valueAt(item: JsonObject, column: string): Json | undefined {
  let value: Json | undefined = item
  for (const key of column.split(".")) {
    if (value === null) return null
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }
  return value
}

function cellOf(value: Json | undefined): Cell {
  if (typeof value !== "object" || value === null) return value
  const isOfTexts = Array.isArray(value) && value.every((member) => typeof member === "string")
  return isOfTexts ? value : JSON.stringify(value)
}
