/** What of some changes is of one field. */
import { type Json, isObject } from "#kernel/json.js"
import { type FieldChange, unescapeKey } from "#kernel/patch.js"

/** Changes of what is in it, and of what it is in where that came or went with it. */
export function changesOfField(changes: readonly FieldChange[], field: string): FieldChange[] {
  return changes.filter(({ path, before, after }) => {
    if (path === field || path.startsWith(`${field}/`)) return true
    if (!field.startsWith(`${path}/`)) return false
    const within = field.slice(path.length + 1).split("/")
    return [before, after].some((value) => memberAt(value, within) !== undefined)
  })
}

function memberAt(value: Json, keys: readonly string[]): Json | undefined {
  let inner: Json | undefined = value
  for (const key of keys) inner = isObject(inner) ? inner[unescapeKey(key)] : undefined
  return inner
}
