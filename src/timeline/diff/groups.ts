/**
 * Differences in groups: by kind of change, or by who made them. What an entity is told to have changed may come from several sources or actors: it is listed with each,
 * with the fields that each wrote last, so that all groups together are the difference, and each is a patch of its own.
 */
import type { Ledger } from "#ledger/port.js"
import type { ViewsReader } from "#projections/views.js"
import type { Entry, Points } from "./entry.js"
import { type EntityDiff, itemOf } from "./item.js"
import { writersOf } from "./writers.js"

export const groupings = ["entity", "change", "source", "actor"] as const
export type Grouping = (typeof groupings)[number]

/** The kind of change, or the source or actor; null where the event names none, undefined where nothing is grouped. */
export type GroupName = string | null | undefined

export interface Reading {
  readonly views: ViewsReader
  readonly ledger: Pick<Ledger, "readAt">
  readonly points: Points
}

/** The groups that an entity is listed in. */
export async function groupsOf(reading: Reading, entry: Entry, by: Grouping): Promise<readonly GroupName[]> {
  if (by === "entity") return [undefined]
  if (by === "change") return [entry.change]
  return [...(await byWriter(reading, entry, by)).keys()]
}

/** What is told of it in one of them. */
export async function itemIn(reading: Reading, entry: Entry, by: Grouping, group: GroupName): Promise<EntityDiff> {
  if (by === "entity" || by === "change") return itemOf(reading.views, reading.points, entry)
  return (await byWriter(reading, entry, by)).get(group) as EntityDiff
}

async function byWriter(
  { views, ledger, points }: Reading,
  entry: Entry,
  by: "source" | "actor",
): Promise<ReadonlyMap<GroupName, EntityDiff>> {
  const { changes, patch, records, ...item } = await itemOf(views, points, entry)
  const writers = await writersOf(views, ledger, points, entry, changes)
  const named = (path: string) => {
    const metadata = writers.get(path)?.metadata
    return (by === "source" ? metadata?.source : metadata?.actor) ?? null
  }
  const isWhole = entry.change !== "modified"
  return new Map(
    [...new Set([...writers.keys()].map(named))].map((group): [GroupName, EntityDiff] => [
      group,
      {
        ...item,
        ...(records !== undefined && named("") === group && { records }),
        changes: changes.filter(({ path }) => named(path) === group),
        patch: isWhole ? patch : patch.filter(({ path }) => named(path) === group),
      },
    ]),
  )
}
