/**
 * The difference of two points, of the fleet or of a part of it: how many entities were created, modified and removed, and each of them with what changed. It is the
 * difference of what a person sees, so machines are compared as all of their records tell them. What changed and changed back is no difference.
 *
 * Counting comes first and builds no patches where it need not, in memory that follows the number of entities that differ; items are made one after the other, as they are
 * read. What is past stays as it was, so the same question has the same answer in the same order, and a page may begin behind any item.
 */
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { inTurns, sortedInTurns } from "../turns.js"
import type { Way } from "./differing.js"
import { entriesBetween } from "./entries.js"
import type { ChangeKind, Entry, Points } from "./entry.js"
import { type GroupName, type Grouping, groupsOf, itemIn } from "./groups.js"
import type { EntityDiff } from "./item.js"
import { narrowed } from "./narrowed.js"
import { entriesOfPair } from "./pair.js"
import { recordsAbout } from "./scope.js"

export type Summary = Readonly<Record<ChangeKind, number>>

export interface Group extends Summary {
  readonly group: string | null
}

/** Which of these records' entities are selected at a position. */
export type Selection = (at: Position, recordNos: readonly number[]) => Promise<ReadonlySet<number>>

export interface Asked extends Points {
  /** This alone, with what belongs to it. */
  readonly about?: RecordRow
  /** With `about`: that at `from` is compared with this at `to`. */
  readonly against?: RecordRow
  /** What is selected at either point. */
  readonly selection?: Selection
  /** Only what was modified in this field: the path of a unit, or of what holds units. */
  readonly field?: string
  readonly by?: Grouping
  /** How to find out what differs, for tests and measures; the cheaper way without it. */
  readonly way?: Way
}

export interface Item extends EntityDiff {
  /** The group that it is listed in, with the changes of that group alone. */
  readonly group?: string | null
}

/** Names an item among those of one difference. */
export interface ItemKey {
  readonly id: string
  readonly group: GroupName
}

export interface Difference {
  /** Of entities: each counts once. */
  readonly summary: Summary
  /** In the order in which their items are listed; empty where nothing is grouped. */
  readonly groups: readonly Group[]
  /** By group; in each targets, stacks and services, in the order of their names. @returns undefined when there is no item `after` */
  items(after?: ItemKey): AsyncGenerator<Item> | undefined
}

interface Listed {
  readonly entry: Entry
  readonly group: GroupName
}

export async function difference(
  views: ViewsReader,
  ledger: Pick<Ledger, "readAt">,
  asked: Asked,
): Promise<Difference> {
  const { from, to, by = "entity" } = asked
  const reading = { views, ledger, points: { from, to } }
  const [summary, groups] = [none(), new Map<string | null, Record<ChangeKind, number>>()]
  const listed: Listed[] = []
  const turn = inTurns()
  for await (const entry of askedFor(views, asked)) {
    summary[entry.change] += 1
    for (const group of await groupsOf(reading, entry, by)) {
      listed.push({ entry, group })
      if (group === undefined) continue
      const counts = groups.get(group) ?? none()
      counts[entry.change] += 1
      groups.set(group, counts)
    }
    await turn()
  }
  const inOrder = await sortedInTurns(listed, inOrderOfNames)
  return {
    summary,
    groups: [...groups]
      .map(([group, counts]) => ({ group, ...counts }))
      .sort((a, b) => compareGroups(a.group, b.group)),
    items(after) {
      if (after === undefined) return itemsFrom(0)
      const last = inOrder.findIndex(({ entry, group }) => entry.entity.id === after.id && group === after.group)
      return last === -1 ? undefined : itemsFrom(last + 1)
    },
  }

  async function* itemsFrom(first: number): AsyncGenerator<Item> {
    const rest = inTurns()
    for (let index = first; index < inOrder.length; index++) {
      const { entry, group } = inOrder[index] as Listed
      yield { ...(group === undefined ? {} : { group }), ...(await itemIn(reading, entry, by, group)) }
      await rest()
    }
  }
}

function none(): Record<ChangeKind, number> {
  return { created: 0, modified: 0, removed: 0 }
}

async function* askedFor(views: ViewsReader, asked: Asked): AsyncGenerator<Entry> {
  const entries = selected(await entriesOf(views, asked), asked)
  yield* asked.field === undefined ? entries : narrowed(views, asked, entries, asked.field)
}

async function entriesOf(views: ViewsReader, { from, to, about, against, way }: Asked): Promise<AsyncGenerator<Entry>> {
  const points = { from, to }
  if (about === undefined) return entriesBetween(views, points, undefined, way)
  if (against !== undefined) return entriesOfPair(views, points, about, against)
  return entriesBetween(views, points, await recordsAbout(views, about, points))
}

const selectedAtOnce = 1_000

/** Those of which something is selected at either point. */
export async function* selected(
  entries: AsyncGenerator<Entry>,
  asked: Pick<Asked, "selection" | "from" | "to">,
): AsyncGenerator<Entry> {
  const { selection, from, to } = asked
  if (selection === undefined) return yield* entries
  const chosen = async (batch: readonly Entry[]) => {
    const side = async (at: Position, which: "before" | "after") =>
      selection(
        at,
        batch.flatMap((entry) => entry[which].map(({ no }) => no)),
      )
    const [before, after] = [await side(from, "before"), await side(to, "after")]
    return batch.filter(
      (entry) => entry.before.some(({ no }) => before.has(no)) || entry.after.some(({ no }) => after.has(no)),
    )
  }
  let batch: Entry[] = []
  for await (const entry of entries) {
    if (batch.push(entry) < selectedAtOnce) continue
    yield* await chosen(batch)
    batch = []
  }
  return yield* await chosen(batch)
}

function inOrderOfNames(a: Listed, b: Listed): number {
  const [one, other] = [a.entry.entity, b.entry.entity]
  return (
    compareGroups(a.group, b.group) ||
    // Targets, stacks, services.
    compare(other.kind, one.kind) ||
    compare(one.name, other.name) ||
    compare(one.id, other.id)
  )
}

/** What nobody is named for comes last. */
function compareGroups(a: GroupName, b: GroupName): number {
  return Number(a === null) - Number(b === null) || compare(a ?? "", b ?? "")
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
