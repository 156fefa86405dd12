/**
 * A document as rows. A **unit** is the path down to a scalar or to one item of a collection (`/os/kernel`, `/packages/pkg:nginx`): what
 * changes as one, and what versions are kept of. An object on the way is a row of its own with the value `{}`, so that "looked and
 * empty" is not lost. A segment with a colon is a collection's key: field names have none.
 */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { escapeKey, unescapeKey } from "#kernel/patch.js"

export interface Unit {
  readonly path: string
  readonly value: Json
}

/** The units of `value` when it stands at `path`. */
export function unitsOf(path: string, value: Json): Unit[] {
  const units: Unit[] = []
  collect(path, value, units)
  return units
}

function collect(path: string, value: Json, units: Unit[]): void {
  if (!isObject(value) || isItem(path)) {
    units.push({ path, value })
    return
  }
  if (path !== "") units.push({ path, value: {} })
  for (const [key, member] of Object.entries(value)) collect(`${path}/${escapeKey(key)}`, member, units)
}

/** Whether `value`, standing at `path`, is one row. */
export function isOneUnit(path: string, value: Json): boolean {
  return !isObject(value) || isItem(path) || Object.keys(value).length === 0
}

/** Whether a path ends at an item of a collection, or inside one. */
export function isItem(path: string): boolean {
  return path.includes(":")
}

/**
 * Where a path points: to a unit or to what holds units (`inside` is empty), or into an item (`inside` is the rest of the path, within
 * the item's value).
 */
export function unitAt(path: string): { readonly unit: string; readonly inside: string } {
  const colon = path.indexOf(":")
  if (colon === -1) return { unit: path, inside: "" }
  const end = path.indexOf("/", colon)
  return end === -1 ? { unit: path, inside: "" } : { unit: path.slice(0, end), inside: path.slice(end) }
}

/** The document made of its units; the inverse of `unitsOf` at the root. Units may come in any order. */
export function documentOf(units: Iterable<Unit>): JsonObject {
  const root: Record<string, Json> = {}
  for (const { path, value } of units) {
    const keys = path.slice(1).split("/").map(unescapeKey)
    const last = keys.pop() as string
    let holder = root
    for (const key of keys) holder = ownObject(holder, key)
    if (isObject(value) && !isItem(path)) ownObject(holder, last)
    else define(holder, last, value)
  }
  return root
}

function ownObject(holder: Record<string, Json>, key: string): Record<string, Json> {
  if (!Object.hasOwn(holder, key)) define(holder, key, {})
  return holder[key] as Record<string, Json>
}

/** A plain assignment, except that a key named `__proto__` is a key. */
function define(holder: Record<string, Json>, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
  else holder[key] = value
}
