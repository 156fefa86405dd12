/** How a text becomes a field: a value, `null` when there is nothing, or the reason why nobody could look. */
import type { Json, JsonObject } from "#kernel/json.js"
import type { Observation } from "../observation.js"
import type { Material } from "./material.js"

export interface NotSeen {
  readonly why: string
}

export type Answer = { readonly value: Json } | NotSeen

/** The fields of one facet, none when nothing of it could be looked at; and why any are missing, by path: `/identity/smbiosUuid`. */
export interface Facts {
  readonly fields: JsonObject | undefined
  readonly notLooked: Readonly<Record<string, string>>
}

/** The services of a machine; `notLooked` by path below `/service`, and `complete` when these are all there are. */
export interface ServiceFacts {
  readonly observations: readonly Observation[]
  readonly notLooked: Readonly<Record<string, string>>
  readonly complete: boolean
}

export function answer(material: Material, understand: (text: string) => Json): Answer {
  if ("text" in material) return { value: understand(material.text) }
  return "denied" in material ? { why: material.denied } : { value: null }
}

/** The facet of these fields. */
export function factsOf(facet: string, answers: Readonly<Record<string, Answer>>): Facts {
  const fields: Record<string, Json> = {}
  const notLooked: Record<string, string> = {}
  for (const [field, given] of Object.entries(answers)) {
    if ("value" in given) fields[field] = given.value
    else notLooked[`/${facet}/${field}`] = given.why
  }
  return { fields: Object.keys(fields).length > 0 ? fields : undefined, notLooked }
}
