/** What an operation is asked about: a query in text, and what it means at the point of the call. */
import * as z from "zod"
import type { Condition } from "#projections/entities/condition.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import { momentOf } from "#query/moments.js"
import { longest, parseQuery } from "#query/parse.js"
import { type Saved, withSaved } from "#query/saved.js"
import { understand } from "#query/understand.js"
import type { Selection } from "#timeline/diff/diff.js"
import type { QueryCall } from "./define.js"

/** The input `q`. */
export const q = z
  .string()
  .max(longest)
  .optional()
  .describe(
    'Only what this asks for: role:production health<0.7 tag:web -status:running os:"Debian 12" changed:>-7d nginx',
  )

/**
 * The condition for each of the kinds; none where nothing was asked.
 * @param also queries that are taken for saved ones
 * @throws FleetError `InvalidQuery`
 */
export async function conditionsOf(
  { fleet, point }: Pick<QueryCall, "fleet" | "point">,
  text: string | undefined,
  among: readonly Kind[],
  also: Saved = new Map(),
): Promise<ReadonlyMap<Kind, Condition>> {
  if (text === undefined || text.trim() === "") return new Map()
  const resolve = (moment: string) => momentOf(fleet, point, moment)
  const saved = new Map((await fleet.ops.queries.all()).map((query): [string, string] => [query.name, query.q]))
  const query = withSaved(parseQuery(text), new Map([...saved, ...also]))
  return understand(query, { kinds: among, point, resolve })
}

/** Which entities a query is about, for a comparison of points. @throws FleetError `InvalidQuery` */
export async function selectionOf(call: QueryCall, text: string): Promise<Selection> {
  const conditions = await conditionsOf(call, text, kinds)
  return async (at, recordNos) => {
    const selected = new Set<number>()
    for (const kind of kinds)
      for (const no of await call.fleet.views.entities.among(kind, at, conditions.get(kind), recordNos))
        selected.add(no)
    return selected
  }
}
