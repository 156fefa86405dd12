/**
 * The difference that was paged through last, kept for its next page: to count everything again for every page would cost as many times as there are pages. Views that are
 * made anew (what they show may have been redacted) have none.
 */
import type { ViewsReader } from "#projections/views.js"
import type { Difference } from "./diff.js"

/** As long as somebody takes to ask for the next page. */
const keptMs = 60_000

interface Kept {
  readonly question: string
  readonly found: Difference
}

const recent = new WeakMap<ViewsReader["inventory"], Kept>()

/** @param question what was asked, points included */
export function keepForNextPage({ inventory }: ViewsReader, question: string, found: Difference): void {
  const kept = { question, found }
  recent.set(inventory, kept)
  setTimeout(() => recent.get(inventory) === kept && recent.delete(inventory), keptMs).unref()
}

export function keptFor({ inventory }: ViewsReader, question: string): Difference | undefined {
  const kept = recent.get(inventory)
  return kept?.question === question ? kept.found : undefined
}
