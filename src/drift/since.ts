/** Which event made a field what it is, or took it away. */
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { unitAt } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"
import { blame } from "#timeline/blame.js"

/**
 * @param records of one entity, by precedence
 * @param field a pointer; of an object, the last event that wrote something in it
 */
export async function sinceWhen(
  views: ViewsReader,
  records: readonly RecordRow[],
  field: string,
  at: Position,
): Promise<Position | undefined> {
  const { unit } = unitAt(field)
  const written = await blame(views, records, at, unit === "" ? undefined : unit)
  if (written.length > 0) return latest(written.map(({ position }) => position))
  const ended: Position[] = []
  for (const { no } of records) {
    const end = await views.inventory.ended(no, unit, at)
    if (end !== undefined) ended.push(end)
  }
  return latest(ended) ?? lookedAtSince(views, records, unit, at)
}

/** What was never there is not there since somebody looked. */
async function lookedAtSince(
  { inventory }: ViewsReader,
  records: readonly RecordRow[],
  unit: string,
  at: Position,
): Promise<Position | undefined> {
  const holder = unit.slice(0, unit.lastIndexOf("/"))
  const facet = unit.split("/")[1] ?? ""
  const looked: Position[] = []
  for (const { no } of records) {
    const held = (await inventory.unitsOf(no, at, facet)).find(({ path }) => path === holder)
    if (held !== undefined) looked.push(held.since)
  }
  return looked.toSorted((a, b) => a - b)[0]
}

function latest(positions: readonly Position[]): Position | undefined {
  return positions.toSorted((a, b) => b - a)[0]
}
