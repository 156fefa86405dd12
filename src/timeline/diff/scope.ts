/** What belongs to an entity: to a machine what runs on it, to a stack its services. */
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { entityRef, targetOf } from "../entity.js"
import { recordsOfTarget } from "../target.js"
import type { Points } from "./entry.js"

/** The records that tell of an entity at a point; of a machine by precedence. */
export async function recordsOfEntity(
  views: ViewsReader,
  entity: RecordRow,
  at: Position,
): Promise<readonly RecordRow[]> {
  if (entity.kind !== "target") return [entity]
  return recordsOfTarget(views, (await targetOf(views, entity, at)).id, at)
}

/** The records of what belongs to it at a point, whether it is there or retired. */
export async function partsOf(views: ViewsReader, entity: RecordRow, at: Position): Promise<readonly RecordRow[]> {
  const { inventory } = views
  if (entity.kind === "service") return []
  const machines = entity.kind === "target" ? await recordsOfEntity(views, entity, at) : [entity]
  const parts: RecordRow[] = []
  for (const { targetId } of machines) parts.push(...(await inventory.recordsUnder(targetId)))
  const known = parts.filter(({ discovered }) => discovered <= at)
  if (entity.kind === "target") return known
  const { name } = await entityRef(views, entity, at)
  const services: RecordRow[] = []
  for (const part of known) {
    if (part.kind === "service" && (await inventory.value(part.no, "/config/stack", at)) === name) services.push(part)
  }
  return services
}

/** Numbers of all records that tell of an entity, or of what belongs to it, at either point. */
export async function recordsAbout(
  views: ViewsReader,
  entity: RecordRow,
  { from, to }: Points,
): Promise<ReadonlySet<number>> {
  const records: RecordRow[] = []
  for (const at of [from, to]) {
    records.push(...(await recordsOfEntity(views, entity, at)), ...(await partsOf(views, entity, at)))
  }
  return new Set(records.map(({ no }) => no))
}
