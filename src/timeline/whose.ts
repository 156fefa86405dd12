/** Whose changes are an entity's: of a machine those of all its records and of what runs on them, of a stack those of its services too. */
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { recordsOfTarget } from "./target.js"

/** @param own without what it consists of or what runs on it @returns the records that history is to be read of, where a target's includes what runs on it */
export async function recordsBehind(
  views: ViewsReader,
  record: RecordRow,
  at: Position,
  own: boolean,
): Promise<readonly RecordRow[]> {
  if (record.kind === "target") return recordsOfTarget(views, record.id, at)
  if (record.kind === "service" || own) return [record]
  const name = await views.inventory.value(record.no, "/identity/name", at)
  return name === undefined ? [record] : [record, ...(await views.inventory.servicesOf(record, name, at))]
}
