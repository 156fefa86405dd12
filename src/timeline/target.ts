/** A machine as all of its records tell it, as of a point. */
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { merged } from "#projections/inventory/merge.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"

/** A target's records by precedence: those of the sources that the policy names, in that order, then the others by age. */
export async function recordsOfTarget(
  views: ViewsReader,
  targetId: string,
  at: Position,
): Promise<readonly RecordRow[]> {
  const records = await views.inventory.membersOf(targetId, at)
  return records.length < 2 ? records : byPrecedence(records, await precedenceAt(views, at))
}

/** Names of sources, the most trusted first. */
export async function precedenceAt(views: ViewsReader, at: Position): Promise<readonly string[]> {
  return (await views.policy.at(at))?.precedence ?? []
}

export function byPrecedence(records: readonly RecordRow[], precedence: readonly string[]): readonly RecordRow[] {
  const rank = ({ source }: RecordRow) => (precedence.includes(source) ? precedence.indexOf(source) : precedence.length)
  return records.toSorted((a, b) => rank(a) - rank(b) || a.no - b.no)
}

/** What they say together, or some facets of it. */
export async function documentOfTarget(
  views: ViewsReader,
  records: readonly RecordRow[],
  at: Position,
  facets?: readonly string[],
): Promise<JsonObject> {
  const documents = []
  // Merging goes by which is the oldest, too.
  const wanted = facets && [...facets, "link"]
  for (const { no } of records) documents.push(await views.inventory.document(no, at, wanted))
  return merged(documents)
}
