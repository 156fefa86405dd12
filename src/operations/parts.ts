/** What is on a machine, and which machine that is. */
import { bug } from "#kernel/errors.js"
import type { Entity } from "#projections/entities/read.js"
import { type EntityRef, targetUnder } from "#timeline/entity.js"
import type { QueryCall } from "./define.js"

export async function targetOfPart(
  { fleet: { views }, point }: QueryCall,
  { no }: Pick<Entity, "no">,
): Promise<EntityRef> {
  const record = await views.inventory.recordByNo(no)
  if (record === undefined) throw bug(`the views do not know the record ${no}`)
  return targetUnder(views, record, point.position)
}
