/** Which entities a baseline or an intent is about. What it says has to mean the same for ever, so it rests on nothing that is kept elsewhere, nor on the clock. */
import { FleetError } from "#kernel/errors.js"
import { instant } from "#kernel/clock.js"
import { type Point, origin } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { parseQuery, wrongAt } from "#query/parse.js"
import type { Query } from "#query/tree.js"
import { understand } from "#query/understand.js"
import type { Selection } from "#timeline/diff/diff.js"

export type Conditions = ReadonlyMap<Kind, Condition>

/** The same few are asked at every event. */
const mostRemembered = 1_000
const remembered = new Map<string, Conditions>()
const none: Conditions = new Map()

/**
 * The condition for each of the kinds; none where nothing is asked.
 * @throws FleetError `InvalidQuery` that names the character
 */
export async function conditionsOf(where: string | undefined, among: readonly Kind[]): Promise<Conditions> {
  if (where === undefined || where.trim() === "") return none
  const key = `${among.join()} ${where}`
  const known = remembered.get(key)
  if (known !== undefined) return known
  const query = parseQuery(where)
  refuseSaved(query)
  const conditions = await understand(query, { kinds: among, point: nowhere, resolve: noMoment })
  if (remembered.size >= mostRemembered) remembered.clear()
  remembered.set(key, conditions)
  return conditions
}

/** Nothing that is asked depends on it. */
const nowhere: Point = { position: origin, time: instant(0) }

async function noMoment(): Promise<never> {
  throw new FleetError("InvalidPoint", "what is meant to hold for good cannot ask for a moment")
}

function refuseSaved(query: Query): void {
  if (query.is === "all" || query.is === "any") for (const part of query.of) refuseSaved(part)
  else if (query.is === "not") refuseSaved(query.of)
  else if (query.is === "field" && query.name === "saved")
    throw wrongAt(
      query.place,
      "what is meant to hold for good cannot rest on a saved query, which may change: write it out",
    )
}

/** @throws FleetError `InvalidQuery` */
export async function selectionOf(views: ViewsReader, where: string): Promise<Selection> {
  const conditions = await conditionsOf(where, kinds)
  return async (at, recordNos) => {
    const selected = new Set<number>()
    for (const kind of kinds)
      for (const no of await views.entities.among(kind, at, conditions.get(kind), recordNos)) selected.add(no)
    return selected
  }
}
