/** Who made a difference: of each field, the last event between the points that wrote it. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { unitAt } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"
import type { Entry, Points } from "./entry.js"
import { type EntityDiff, unitsOf } from "./item.js"

/**
 * The last event that wrote each of the changes; under the path "", the one that created or removed the whole, or linked or unlinked records. Undefined where none did: where
 * sources came to be trusted in another order.
 */
export async function writersOf(
  views: ViewsReader,
  ledger: Pick<Ledger, "readAt">,
  points: Points,
  entry: Entry,
  changes: EntityDiff["changes"],
): Promise<ReadonlyMap<string, RecordedEvent | undefined>> {
  const positions = await whenWritten(views, points, entry, changes)
  const events = new Map<Position, RecordedEvent>()
  const known = [...new Set(positions.values())].filter((position) => position !== undefined)
  for (const event of await ledger.readAt(known.toSorted((a, b) => a - b))) events.set(event.position, event)
  return new Map([...positions].map(([path, at]) => [path, at === undefined ? undefined : events.get(at)]))
}

/** The position of each of these events. */
export function whenWritten(
  views: ViewsReader,
  points: Points,
  entry: Entry,
  changes: EntityDiff["changes"],
): Promise<ReadonlyMap<string, Position | undefined>> {
  return entry.change === "modified" ? written(views, points, entry, changes) : appeared(views, points, entry)
}

type Positions = ReadonlyMap<string, Position | undefined>

/** A field inside a unit was written with it, an object with the last of what it holds; what a link alone changed, by the link. */
async function written(
  views: ViewsReader,
  points: Points,
  { before, after, was, moved, field }: Entry,
  changes: EntityDiff["changes"],
): Promise<Positions> {
  const last = new Map<string, Position>()
  for (const record of recordsOf(before, after)) {
    for (const unit of await unitsOf(views, record, points)) {
      const position = await positionOf(views, record, points, unit)
      for (let path = unit.path; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
        last.set(path, Math.max(position, last.get(path) ?? position) as Position)
      }
    }
  }
  const link = last.get("/link")
  const told = changes.map(({ path }): [string, Position | undefined] => [
    path,
    last.get(path) ?? last.get(unitAt(path).unit) ?? link,
  ])
  const isRegrouped = (was !== undefined || moved !== undefined) && field === undefined
  return new Map<string, Position | undefined>(isRegrouped ? [...told, ["", link]] : told)
}

/** Something of several records is there from the first of them on, and gone with the last. */
async function appeared(views: ViewsReader, points: Points, { before, after, change }: Entry): Promise<Positions> {
  const positions: Position[] = []
  const earlier = Math.min(points.from, points.to)
  for (const record of recordsOf(before, after)) {
    if (record.discovered > earlier) positions.push(record.discovered)
    else {
      const lifecycle = (await unitsOf(views, record, points)).find(({ path }) => path === "/lifecycle")
      if (lifecycle !== undefined) positions.push(await positionOf(views, record, points, lifecycle))
    }
  }
  const isThereLater = (change === "created") === points.from < points.to
  const inOrder = positions.toSorted((a, b) => a - b)
  return new Map([["", inOrder.at(isThereLater ? 0 : -1)]])
}

async function positionOf(
  { inventory }: ViewsReader,
  { no }: RecordRow,
  { from, to }: Points,
  { pathNo, written: at }: UnitDifference,
): Promise<Position> {
  const later = Math.max(from, to) as Position
  return at ?? ((await inventory.between.lastEnd(no, pathNo, later)) as Position)
}

function recordsOf(before: readonly RecordRow[], after: readonly RecordRow[]): RecordRow[] {
  return [...new Map([...before, ...after].map((record) => [record.no, record])).values()]
}
