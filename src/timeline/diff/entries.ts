/**
 * Which entities differ between two points, and how. Services, stacks and machines of a single record are told by what differs in it; machines of several are left to
 * `machines.ts`.
 */
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import { facetOf } from "#projections/inventory/paths.js"
import type { PlacedRecord } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef } from "../entity.js"
import { inTurns } from "../turns.js"
import { type Differing, type Range, type Way, byStates, byTouched, cheaperWay, differingAmong } from "./differing.js"
import { type Entry, type Points, isThere } from "./entry.js"
import { type DifferingRecord, machineEntries, regrouped } from "./machines.js"

/** A unit takes some hundred bytes. */
const unitsInMemory = 50_000

/**
 * In no particular order.
 * @param among numbers of the only records that are asked about
 * @param given the way to find out, for tests and measures; the cheaper one without it
 */
export async function* entriesBetween(
  views: ViewsReader,
  points: Points,
  among?: ReadonlySet<number>,
  given?: Way,
): AsyncGenerator<Entry> {
  const { from, to } = points
  if (from === to) return
  const range: Range = { earlier: Math.min(from, to) as Position, later: Math.max(from, to) as Position }
  const known = await views.inventory.between.knownBy(range.earlier)
  let room = unitsInMemory
  /** The records of machines that may have several. */
  const ofMachines = new Map<number, DifferingRecord>()

  for await (const units of await differingRecords(views, range, known, among, given)) {
    for (const record of await views.inventory.placed([...units.keys()], to)) {
      const own = units.get(record.no) ?? []
      const remembered = own.length <= room ? { units: own } : {}
      room -= own.length
      if (isOfMachine(record)) ofMachines.set(record.no, { facets: facetsOf(own), ...remembered })
      else yield* entryOfOne(views, record, own, remembered, points)
    }
  }
  for await (const record of discoveredIn(views, known, range, among)) {
    if (isOfMachine(record)) ofMachines.set(record.no, untouched)
    else yield* entryOfNew(record, points)
  }
  for (const no of await regrouped(views, points)) {
    if (!ofMachines.has(no) && among?.has(no) !== false) ofMachines.set(no, untouched)
  }
  yield* machineEntries(views, points, ofMachines)
}

async function differingRecords(
  views: ViewsReader,
  range: Range,
  known: number,
  among: ReadonlySet<number> | undefined,
  given: Way | undefined,
): Promise<AsyncGenerator<Differing>> {
  if (among !== undefined) {
    const wereKnown = [...among].filter((no) => no <= known)
    return differingAmong(views, range, wereKnown)
  }
  const way = given ?? (await cheaperWay(views, range, known))
  return way === "touched" ? byTouched(views, range, known) : byStates(views, range, known)
}

const untouched: DifferingRecord = { facets: new Set(), units: [] }

function isOfMachine({ kind, everLinked }: PlacedRecord): boolean {
  return kind === "target" && everLinked
}

function facetsOf(units: readonly UnitDifference[]): ReadonlySet<string> {
  return new Set(units.map(({ path }) => facetOf(path).slice(1)))
}

const recordsAtOnce = 500

/** The records that were not known before, as they are at the later position. */
async function* discoveredIn(
  { inventory }: ViewsReader,
  known: number,
  { later }: Range,
  among: ReadonlySet<number> | undefined,
): AsyncGenerator<PlacedRecord> {
  const last = await inventory.between.knownBy(later)
  const turn = inTurns()
  for (let first = known + 1; first <= last; first += recordsAtOnce) {
    const nos = Array.from({ length: Math.min(recordsAtOnce, last - first + 1) }, (_, index) => first + index)
    yield* await inventory.placed(among === undefined ? nos : nos.filter((no) => among.has(no)), later)
    await turn()
  }
}

/** @param record as it is at `to` */
async function* entryOfOne(
  views: ViewsReader,
  record: PlacedRecord,
  units: readonly UnitDifference[],
  remembered: Pick<Entry, "units">,
  { from, to }: Points,
): AsyncGenerator<Entry> {
  const altered = units.find(({ path }) => path === "/lifecycle")
  const was = altered === undefined ? record.lifecycle : from < to ? altered.before : altered.after
  const [before, after] = [isThere(was), isThere(record.lifecycle)]
  const entity = refOf(record)
  if (before && after) yield { entity, change: "modified", before: [record], after: [record], ...remembered }
  else if (after) yield { entity, change: "created", before: [], after: [record] }
  else if (before)
    yield { entity: await entityRef(views, record, from), change: "removed", before: [record], after: [] }
}

/** @param record as it is at the later point, the only one at which it was known */
function* entryOfNew(record: PlacedRecord, { from, to }: Points): Generator<Entry> {
  if (!isThere(record.lifecycle)) return
  if (from < to) yield { entity: refOf(record), change: "created", before: [], after: [record] }
  else yield { entity: refOf(record), change: "removed", before: [record], after: [] }
}

function refOf({ kind, id, name }: PlacedRecord): EntityRef {
  return { kind, id, name }
}
