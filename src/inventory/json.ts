/**
 * Our own format: a document with an entity on each line, or lines alone. Machines come before what is on them. It can be imported, so facets are as they are
 * known, but for what only a ledger can say: a role and tags that were assigned stand in the labels, whoever gave them, and the name stands at the top.
 */
import { type JsonObject, isObject } from "#kernel/json.js"
import type { Point } from "#kernel/point.js"
import type { Entity } from "#projections/entities/read.js"
import { kinds } from "#projections/inventory/read.js"
import { roleAndTags } from "#projections/inventory/role-and-tags.js"
import { type Asked, documentOfEntity, entitiesOf, machinesOf } from "./entries.js"

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
      yield JSON.stringify({
        kind,
        id: entity.id,
        name: entity.name,
        ...(on === undefined ? {} : { on }),
        ...toldOf(entity, await documentOfEntity(asked, entity)),
      })
    }
  }
}

function toldOf({ lifecycle, sources }: Entity, document: JsonObject): JsonObject {
  const { lifecycle: _, link: __, assigned, resources, flapping, identity, labels, ...facets } = document
  const { name: ___, ...who } = isObject(identity) ? identity : {}
  return {
    lifecycle,
    sources,
    ...(flapping === undefined ? {} : { flapping }),
    ...(isObject(resources) && Object.keys(resources).length > 0 ? { resources } : {}),
    facets: {
      ...(Object.keys(who).length === 0 ? {} : { identity: who }),
      ...(assigned === undefined ? (labels === undefined ? {} : { labels }) : { labels: labelled(document) }),
      ...facets,
    },
  }
}

function labelled(document: JsonObject): JsonObject {
  const { role, tags } = roleAndTags(document)
  const { labels } = document
  return { ...(isObject(labels) ? labels : {}), role, tags: Object.fromEntries(tags.map((tag) => [`tag:${tag}`, {}])) }
}
