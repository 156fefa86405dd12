/**
 * Masking a text in a payload, the same way wherever it stands: in values, in the names of a collection's items, in the paths of patches. So patches still
 * lead from each state to the next, and everything that was recorded can be replayed.
 */
import type { Json, JsonObject } from "#kernel/json.js"
import { isObject } from "#kernel/json.js"
import { escapeKey } from "#kernel/patch.js"

/** @param mask without `~` and `/`, so that a path takes it as it is */
export function masked(data: JsonObject, text: string, mask: string): JsonObject {
  const inPath = escapeKey(text)
  const ofText = (value: string) => value.replaceAll(text, mask).replaceAll(inPath, mask)
  const of = (value: Json): Json => {
    if (typeof value === "string") return ofText(value)
    if (Array.isArray(value)) return value.map(of)
    return isObject(value) ? object(value) : value
  }
  // By entries: a name like `__proto__` stays a name.
  const object = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).map(([key, item]) => [ofText(key), of(item)]))
  return object(data)
}

/** Whether a canonical JSON text may hold it. */
export function mentions(json: string, text: string): boolean {
  return [text, escapeKey(text)].some((form) => json.includes(JSON.stringify(form).slice(1, -1)))
}
