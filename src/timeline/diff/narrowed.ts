/** A difference of one field: what was modified in it or in what is in it, and that alone. What was created or removed came or went as a whole, and is none of a field. */
import { facetOf } from "#projections/inventory/paths.js"
import type { ViewsReader } from "#projections/views.js"
import type { Entry, Points } from "./entry.js"
import { changesIn } from "./item.js"

/** @param field the path of a unit, or of what holds units */
export async function* narrowed(
  views: ViewsReader,
  points: Points,
  entries: AsyncGenerator<Entry>,
  field: string,
): AsyncGenerator<Entry> {
  for await (const { moved: _, ...entry } of entries) {
    if (entry.change !== "modified" || !mayDiffer(entry, field)) continue
    const own = { ...entry, field }
    if ((await changesIn(views, points, own)).changes.length > 0) yield own
  }
}

/** By what is known without putting anything together. */
function mayDiffer({ units, facets }: Entry, field: string): boolean {
  if (units === undefined && facets === undefined) return true
  const facet = facetOf(field).slice(1)
  return facets?.includes(facet) === true || units?.some(({ path }) => isOnWay(path, field)) === true
}

function isOnWay(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}/`) || field.startsWith(`${path}/`)
}
