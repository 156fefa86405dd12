/**
 * One entity compared with another, each at its own point, and what belongs to the one with what belongs to the other: of the same kind and name, in the order of
 * discovery where several are called the same.
 */
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef } from "../entity.js"
import { inTurns } from "../turns.js"
import { type Entry, type Points, isThere } from "./entry.js"
import { changesIn } from "./item.js"
import { partsOf, recordsOfEntity } from "./scope.js"

interface Side {
  readonly entity: EntityRef
  readonly records: readonly RecordRow[]
}

/** @param one at `from` @param other at `to` */
export async function* entriesOfPair(
  views: ViewsReader,
  points: Points,
  one: RecordRow,
  other: RecordRow,
): AsyncGenerator<Entry> {
  const side = async (entity: RecordRow, at: Position) => ({
    entity: await entityRef(views, entity, at),
    records: await recordsOfEntity(views, entity, at),
  })
  yield* modified(views, points, await side(one, points.from), await side(other, points.to))
  const turn = inTurns()
  const theirs = await partsByName(views, other, points.to)
  for (const [key, before] of await partsByName(views, one, points.from)) {
    const after = theirs.get(key)
    theirs.delete(key)
    if (after !== undefined) yield* modified(views, points, before, after)
    else yield { entity: before.entity, change: "removed", before: before.records, after: [] }
    await turn()
  }
  for (const { entity, records } of theirs.values()) yield { entity, change: "created", before: [], after: records }
}

async function* modified(views: ViewsReader, points: Points, before: Side, after: Side): AsyncGenerator<Entry> {
  const entry: Entry = {
    entity: after.entity,
    change: "modified",
    ...(before.entity.id === after.entity.id ? {} : { was: before.entity }),
    before: before.records,
    after: after.records,
  }
  if ((await changesIn(views, points, entry)).patch.length > 0) yield entry
}

async function partsByName(views: ViewsReader, entity: RecordRow, at: Position): Promise<Map<string, Side>> {
  const parts = new Map<string, Side>()
  for (const record of await partsOf(views, entity, at)) {
    if (!isThere(await views.inventory.value(record.no, "/lifecycle", at))) continue
    const part = await entityRef(views, record, at)
    const key = (nth: number) => [part.kind, part.name, nth].join("\n")
    let nth = 0
    while (parts.has(key(nth))) nth++
    parts.set(key(nth), { entity: part, records: [record] })
  }
  return parts
}
