/** The role and the tags of a machine, as everybody is told them: what was assigned goes before what its labels say. */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

export interface RoleAndTags {
  readonly role: string | null
  readonly tags: string[]
}

/** @param document of the whole machine, with `assigned` and `labels` in it */
export function roleAndTags({ assigned, labels }: JsonObject): RoleAndTags {
  const role = member(assigned, "role") ?? member(labels, "role") ?? null
  const tags = { ...itemsOf(labels), ...itemsOf(assigned) }
  const names = Object.entries(tags).flatMap(([key, tag]) => (tag === null ? [] : key.slice("tag:".length)))
  return { role: typeof role === "string" ? role : null, tags: names.toSorted() }
}

function member(facet: Json | undefined, name: string): Json | undefined {
  return isObject(facet) ? facet[name] : undefined
}

function itemsOf(facet: Json | undefined): JsonObject {
  const tags = member(facet, "tags")
  return isObject(tags) ? tags : {}
}
