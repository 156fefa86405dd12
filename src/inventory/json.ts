/**
 * Our own format: a document with an entity on each line, or lines alone. Machines come before what is on them. It can be imported, so facets are as they are
 * known, but for what only a ledger can say: a role and tags that were assigned stand in the labels, whoever gave them, and the name stands at the top.
 */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import type { Point } from "#kernel/point.js"
import type { Entity } from "#projections/entities/read.js"
import { kinds } from "#projections/inventory/read.js"
import { roleAndTags } from "#projections/inventory/role-and-tags.js"
import { type Asked, entitiesOf, machinesOf, textsOfEntity } from "./entries.js"

export const format = "fleet-ledger/inventory"
export const formatVersion = 1

/** One document. @param q what it was asked with; null when it is all there is */
export async function* jsonDocument(asked: Asked, point: Point, q: string | null): AsyncGenerator<string> {
  const { position, time } = point
  yield `${JSON.stringify({ format, version: formatVersion, at: { position, time }, q }).slice(0, -1)},"entities":[`
  let between = "\n"
  for await (const line of entityLines(asked)) {
    yield `${between}${line}`
    between = ",\n"
  }
  yield "\n]}\n"
}

export async function* jsonLines(asked: Asked): AsyncGenerator<string> {
  for await (const line of entityLines(asked)) yield `${line}\n`
}

async function* entityLines(asked: Asked): AsyncGenerator<string> {
  const machineOf = machinesOf(asked)
  for (const kind of kinds) {
    for await (const entity of entitiesOf(asked, kind)) {
      const on = (await machineOf(entity))?.id
      yield lineOf(entity, on, await textsOfEntity(asked, entity))
    }
  }
}

/** What an entity has besides its facets. */
const apart = new Set(["lifecycle", "link", "assigned", "resources", "flapping", "identity", "labels"])

/** @param texts the members of its document */
function lineOf(entity: Entity, on: string | undefined, texts: ReadonlyMap<string, string>): string {
  const { kind, id, name, lifecycle, sources } = entity
  const [identity, assigned, resources, labels] = ["identity", "assigned", "resources", "labels"].map((member) => {
    const text = texts.get(member)
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  })
  const { name: _, ...who } = isObject(identity) ? identity : {}
  const head = {
    kind,
    id,
    name,
    ...(on === undefined ? {} : { on }),
    lifecycle,
    sources,
    ...(texts.has("flapping") ? { flapping: true } : {}),
    ...(isObject(resources) && Object.keys(resources).length > 0 ? { resources } : {}),
  }
  const facets = [
    ...(Object.keys(who).length === 0 ? [] : [`"identity":${JSON.stringify(who)}`]),
    ...(isObject(labels) || isObject(assigned) ? [`"labels":${JSON.stringify(labelled(labels, assigned))}`] : []),
    ...[...texts].flatMap(([facet, text]) => (apart.has(facet) ? [] : `"${facet}":${text}`)),
  ]
  return `${JSON.stringify(head).slice(0, -1)},"facets":{${facets.join(",")}}}`
}

function labelled(labels: Json | undefined, assigned: Json | undefined): JsonObject {
  const given = isObject(labels) ? labels : {}
  if (!isObject(assigned)) return given
  const { role, tags } = roleAndTags({ labels: given, assigned })
  return { ...given, role, tags: Object.fromEntries(tags.map((tag) => [`tag:${tag}`, {}])) }
}
