/** The inventory as of a point, entity by entity: what every format is made of. Memory holds the numbers of what is asked for, and a few hundred entities. */
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Entity } from "#projections/entities/read.js"
import type { Kind } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, targetUnder } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"

/** What is asked for, and of when. */
export interface Asked {
  readonly views: ViewsReader
  readonly at: Position
  /** By kind; of a kind that has none, all. What is retired is never part of it. */
  readonly conditions: ReadonlyMap<Kind, Condition>
  readonly signal: AbortSignal
}

/** Entities that are read with one statement. */
const together = 500

/** The entities of a kind, oldest first, each as lists tell it. */
export async function* entitiesOf({ views, at, conditions, signal }: Asked, kind: Kind): AsyncGenerator<Entity> {
  const nos = await views.entities.numbers({ kind, at, condition: conditions.get(kind) })
  for (let i = 0; i < nos.length; i += together) {
    signal.throwIfAborted()
    yield* await views.entities.rows(kind, at, nos.slice(i, i + together))
  }
}

/** All that is known of an entity, linked records as one, or some facets of it. */
export async function documentOfEntity(
  { views, at }: Asked,
  { kind, id, no }: Entity,
  facets?: readonly string[],
): Promise<JsonObject> {
  if (kind !== "target") return views.inventory.document(no, at, facets)
  const records = await recordsOfTarget(views, id, at)
  return documentOfTarget(views, records, at, facets)
}

/** Finds the machines that services and stacks are on. What is on one machine mostly comes together, so the last answer is kept. */
export function machinesOf({ views, at }: Asked): (entity: Entity) => Promise<EntityRef | null> {
  let last: { readonly of: string; readonly target: EntityRef } | undefined
  return async ({ kind, no }) => {
    if (kind === "target") return null
    const record = await views.inventory.recordByNo(no)
    if (record === undefined) return null
    if (last?.of !== record.targetId) last = { of: record.targetId, target: await targetUnder(views, record, at) }
    return last.target
  }
}

/** The same as JSON, by its members; of one record nothing of it is parsed. */
export async function textsOfEntity(asked: Asked, entity: Entity): Promise<ReadonlyMap<string, string>> {
  const { views, at } = asked
  const isOne = entity.kind !== "target" || (await views.inventory.membersOf(entity.id, at)).length === 1
  if (isOne) return views.inventory.texts(entity.no, at)
  const document = await documentOfEntity(asked, entity)
  return new Map(Object.entries(document).map(([name, value]) => [name, JSON.stringify(value)]))
}
