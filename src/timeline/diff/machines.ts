/**
 * Machines that have, or had, several records. One at `to` is compared with the one that it was at `from`: that of its id, else the one that it came out of, else one that
 * is part of it now. So linking two is one modified machine, which names the record that came to it; unlinking is two, what stayed and what came out, both compared with what they were
 * together; nothing was created or removed by it. What was there at `from`, and is not at `to`, was removed or is named by a record with its id that was linked.
 */
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef, targetOf } from "../entity.js"
import { byPrecedence, precedenceAt } from "../target.js"
import { inTurns } from "../turns.js"
import { type Entry, type MovedRecord, type Points, isThere } from "./entry.js"
import { changesIn } from "./item.js"
import { visibleUnits } from "./visible.js"

interface Machine {
  readonly root: RecordRow
  /** By precedence. */
  readonly records: readonly RecordRow[]
}

/** A record that differs. */
export interface DifferingRecord {
  /** Names of those in which it does. */
  readonly facets: ReadonlySet<string>
  /** All units that differ, where they are remembered. */
  readonly units?: readonly UnitDifference[]
}

/** @param differing by number; their machines at either point are told of */
export async function* machineEntries(
  views: ViewsReader,
  points: Points,
  differing: ReadonlyMap<number, DifferingRecord>,
): AsyncGenerator<Entry> {
  if (differing.size === 0) return
  const [before, after] = [await machinesAt(views, points.from), await machinesAt(views, points.to)]
  const [gone, there] = [new Map<string, Machine>(), new Map<string, Machine>()]
  const turn = inTurns()
  for (const no of differing.keys()) {
    const record = (await views.inventory.recordByNo(no)) as RecordRow
    const [was, is] = [await before.of(record), await after.of(record)]
    if (was !== undefined) gone.set(was.root.id, was)
    if (is !== undefined) there.set(is.root.id, is)
    await turn()
  }
  // A machine that a record came out of may itself be as it was, but for that.
  for (const { root } of gone.values()) {
    const is = await after.of(root)
    if (is !== undefined) there.set(is.root.id, is)
  }
  for (const machine of there.values()) {
    const was = (await before.of(machine.root)) ?? (await partOfIt(machine, before))
    const entity = await entityRef(views, machine.root, points.to)
    if (was === undefined) yield { entity, change: "created", before: [], after: machine.records }
    else {
      const entry = await modified(views, points, was, machine, entity, differing)
      const isRegrouped = entry.was !== undefined || entry.moved !== undefined
      if (isRegrouped || (await changesIn(views, points, entry)).patch.length > 0) yield entry
    }
    await turn()
  }
  for (const machine of gone.values()) {
    if ((await after.of(machine.root)) !== undefined) continue
    const entity = await entityRef(views, machine.root, points.from)
    yield { entity, change: "removed", before: machine.records, after: [] }
    await turn()
  }
}

/** Records whose machines may differ though no event altered them: those of several, where sources came to be trusted in another order. */
export async function regrouped(views: ViewsReader, { from, to }: Points): Promise<readonly number[]> {
  const [before, after] = [await precedenceAt(views, from), await precedenceAt(views, to)]
  return before.join("\n") === after.join("\n") ? [] : views.inventory.between.allLinked()
}

type MachinesAt = Awaited<ReturnType<typeof machinesAt>>

/** The machines of a point, by their records; undefined for one that is not there. */
async function machinesAt(views: ViewsReader, at: Position) {
  const { inventory } = views
  const precedence = await precedenceAt(views, at)
  const found = new Map<string, Machine | undefined>()
  const machine = async (root: RecordRow): Promise<Machine | undefined> => {
    // Between the events of one append, what is linked to it has yet to follow: lists do not show it there.
    if ((await inventory.linkOf(root.id, at)) !== undefined) return undefined
    const members = (await inventory.membersOf(root.id, at)).filter(({ discovered }) => discovered <= at)
    for (const { no } of members) {
      if (isThere(await inventory.value(no, "/lifecycle", at)))
        return { root, records: byPrecedence(members, precedence) }
    }
    return undefined
  }
  return {
    async of(record: RecordRow): Promise<Machine | undefined> {
      const root = await targetOf(views, record, at)
      if (!found.has(root.id)) found.set(root.id, await machine(root))
      return found.get(root.id)
    },
  }
}

/** One that is part of it now, the oldest: where its own oldest record was not there. */
async function partOfIt({ records }: Machine, before: MachinesAt): Promise<Machine | undefined> {
  for (const record of records.toSorted((a, b) => a.no - b.no)) {
    const machine = await before.of(record)
    if (machine?.root.no === record.no) return machine
  }
  return undefined
}

async function modified(
  views: ViewsReader,
  points: Points,
  was: Machine,
  is: Machine,
  entity: EntityRef,
  differing: ReadonlyMap<number, DifferingRecord>,
): Promise<Entry> {
  const entry = { entity, change: "modified", before: was.records, after: is.records } as const
  const [before, after] = [was, is].map(({ records }) => records.map(({ no }) => no).join())
  if (before === after && was.root.id === is.root.id) {
    const own = is.records.flatMap(({ no }) => differing.get(no) ?? [])
    if (own.some(({ units }) => units === undefined)) {
      return { ...entry, facets: [...new Set(own.flatMap(({ facets }) => [...facets]))] }
    }
    return {
      ...entry,
      ...(await visibleUnits(views, is.records, ({ no }) => differing.get(no)?.units ?? [], points.to)),
    }
  }
  const moved = await movedBetween(views, points, was, is)
  return {
    ...entry,
    ...(was.root.id === is.root.id ? {} : { was: await entityRef(views, was.root, points.from) }),
    ...(moved.length === 0 ? {} : { moved }),
  }
}

async function movedBetween(
  views: ViewsReader,
  { from, to }: Points,
  was: Machine,
  is: Machine,
): Promise<readonly MovedRecord[]> {
  const moved: MovedRecord[] = []
  const refAt = async (record: RecordRow, at: Position) =>
    record.discovered > at ? null : entityRef(views, await targetOf(views, record, at), at)
  const tell = async (record: RecordRow, change: MovedRecord["change"], at: Position) => {
    const { id, source, nativeKey } = record
    moved.push({ id, source, nativeKey, change, target: await refAt(record, at) })
  }
  const isPart = is.records.some(({ no }) => no === was.root.no) && was.root.no !== is.root.no
  const [before, after] = [was, is].map(({ records }) => new Set(records.map(({ no }) => no)))
  for (const record of is.records) if (isPart || !before?.has(record.no)) await tell(record, "linked", from)
  // What stayed where it was is no news of what came out.
  if (was.root.no !== is.root.no) return moved
  for (const record of was.records) if (!after?.has(record.no)) await tell(record, "unlinked", to)
  return moved
}
