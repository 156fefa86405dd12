/** Values of fields, as they can stand in a cell. */
import type { Json } from "#kernel/json.js"
import type { FieldChange } from "#kernel/patch.js"
import { unescapeKey } from "#kernel/pointer.js"

const longest = 200

/** What is longer is cut. */
export function cellOf(value: Json): string | number | null {
  if (value === null || typeof value === "number") return value
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
}

/** Changes that are told of one entity. */
const mostChanges = 3

/** `packages.pkg:nginx.version: 1.24 → 1.25`, the first few of them. */
export function changesIn(changes: readonly FieldChange[]): string | null {
  if (changes.length === 0) return null
  const told = changes.slice(0, mostChanges).map(({ path, before, after }) => {
    const field = path.slice(1).split("/").map(unescapeKey).join(".")
    return `${field}: ${cellOf(before) ?? "–"} → ${cellOf(after) ?? "–"}`
  })
  const more = changes.length - told.length
  return `${told.join("; ")}${more > 0 ? `; ${more} more` : ""}`
}
