/**
 * What several sources say of one machine, as one document. A field is that of the first who looked at it, be it that there is nothing; a collection is that
 * of the first who looked at it, as a whole: half of it from here and half from there would be nobody's account.
 */
import { assignedTogether } from "./assigned.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

/** @param documents in the order of their precedence, with their `link` */
export function merged(documents: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = documents.map(({ link: _, ...document }) => document)
  const whole = others.reduce<JsonObject>(together, first)
  const lifecycles = new Set(documents.map((document) => document["lifecycle"]))
  const lifecycle = ["observed", "unseen", "retired"].find((state) => lifecycles.has(state))
  const resources: JsonObject = Object.assign({}, ...documents.map(({ resources: held }) => held).toReversed())
  const assigned = assignedTogether(documents)
  return {
    ...whole,
    ...(assigned === undefined ? {} : { assigned }),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
  }
}

function both(first: Json, second: Json): Json {
  return isObject(first) && isObject(second) && !isCollection(first) && !isCollection(second)
    ? together(first, second)
    : first
}

/** Of documents too, which are never collections: of some facets, one may be empty. */
function together(first: JsonObject, second: JsonObject): JsonObject {
  const fields: Record<string, Json> = { ...first }
  for (const [name, value] of Object.entries(second)) {
    const known = fields[name]
    fields[name] = known === undefined ? value : both(known, value)
  }
  return fields
}

/** Keys of items have a colon, names of fields have none. One that is empty was looked at too. */
function isCollection(value: JsonObject): boolean {
  const [key] = Object.keys(value)
  return key === undefined || key.includes(":")
}
