/** What is on a machine, and which machine that is. */
import { bug } from "#kernel/errors.js"
import type { Entity } from "#projections/entities/read.js"
import { type EntityRef, findEntity, targetUnder } from "#timeline/entity.js"
import { recordsBehind } from "#timeline/whose.js"
import type { QueryCall } from "./define.js"

export async function targetOfPart(
  { fleet: { views }, point }: QueryCall,
  { no }: Pick<Entity, "no">,
): Promise<EntityRef> {
  const record = await views.inventory.recordByNo(no)
  if (record === undefined) throw bug(`the views do not know the record ${no}`)
  return targetUnder(views, record, point.position)
}

/** The records of an entity, and of what runs on it. @throws FleetError `NotFound`, `Ambiguous` */
export async function idsAbout({ fleet: { views }, point }: QueryCall, reference: string): Promise<readonly string[]> {
  const record = await findEntity(views, reference, point.position)
  const records = await recordsBehind(views, record, point.position, false)
  if (record.kind !== "target") return records.map(({ id }) => id)
  const under = []
  for (const { id } of records) under.push(...(await views.inventory.recordsUnder(id)))
  return [...records, ...under].map(({ id }) => id)
}
