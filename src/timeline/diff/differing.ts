/**
 * Which records differ between two positions, and in which units. There are two ways to find out, with one result: by what the events in between touched, which
 * costs what changed, and by going through what is kept of every record, which costs what exists. The cheaper one is taken.
 */
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import type { ViewsReader } from "#projections/views.js"
import { inTurns } from "../turns.js"

export type Way = "touched" | "states"

/** `earlier` is not included, `later` is. */
export interface Range {
  readonly earlier: Position
  readonly later: Position
}

/** Some records that differ, with their units that do. */
export type Differing = ReadonlyMap<number, readonly UnitDifference[]>

/**
 * Microseconds, as tests/bench/timeline.ts measures them: of an event in between whose units are sought at either end; of a record whose units are gone through;
 * of a position of the whole ledger, which left past units to be gone through.
 */
const cost = { event: 12, record: 10, position: 0.15 } as const

/** @param known how many records were known at the earlier position; those discovered later cost the same either way */
export async function cheaperWay(views: ViewsReader, { earlier, later }: Range, known: number): Promise<Way> {
  const { between } = views.inventory
  const [head, knownLater] = [await between.lastTouched(), await between.knownBy(later)]
  const changes = later - earlier - (knownLater - known)
  return changes * cost.event <= known * cost.record + head * cost.position ? "touched" : "states"
}

const rowsAtOnce = 10_000
const unitsAtOnce = 1_000

/** Records that were known at the earlier position and differ at the later one, each once. */
export async function* byTouched(
  { inventory }: ViewsReader,
  { earlier, later }: Range,
  known: number,
): AsyncGenerator<Differing> {
  const turn = inTurns()
  const touched = new Map<number, number[]>()
  const beyond = Number.MAX_SAFE_INTEGER
  for (let last = { position: earlier, recordNo: beyond, pathNo: beyond }; ;) {
    const rows = await inventory.between.touched(last, later, rowsAtOnce)
    for (const { recordNo, pathNo } of rows) {
      if (recordNo > known) continue
      const pathNos = touched.get(recordNo)
      if (pathNos === undefined) touched.set(recordNo, [pathNo])
      else pathNos.push(pathNo)
    }
    const end = rows.at(-1)
    if (end === undefined || rows.length < rowsAtOnce) break
    last = end
    await turn()
  }
  let batch = new Map<number, ReadonlySet<number>>()
  let units = 0
  for (const [recordNo, pathNos] of touched) {
    const own = new Set(pathNos)
    batch.set(recordNo, own)
    units += own.size
    if (units < unitsAtOnce) continue
    yield await inventory.between.units(batch, earlier, later)
    await turn()
    batch = new Map()
    units = 0
  }
  yield await inventory.between.units(batch, earlier, later)
}

/** Heavy machines have some 600 units each. */
const recordsAtOnce = 50

/** The same. */
export async function* byStates(
  { inventory }: ViewsReader,
  { earlier, later }: Range,
  known: number,
): AsyncGenerator<Differing> {
  const turn = inTurns()
  for (let first = 1; first <= known; first += recordsAtOnce) {
    const last = Math.min(first + recordsAtOnce - 1, known)
    yield await inventory.between.records(first, last, earlier, later)
    await turn()
  }
}

/** The same of some records. */
export async function* differingAmong(
  { inventory }: ViewsReader,
  { earlier, later }: Range,
  recordNos: Iterable<number>,
): AsyncGenerator<Differing> {
  const turn = inTurns()
  for (const recordNo of recordNos) {
    yield await inventory.between.records(recordNo, recordNo, earlier, later)
    await turn()
  }
}
