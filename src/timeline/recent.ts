/**
 * What was paged through last, kept for its next page: to work everything out again for every page would cost as many times as there are pages. Views that are made anew (what
 * they show may have been redacted) have none.
 */
import type { ViewsReader } from "#projections/views.js"

/** As long as somebody takes to ask for the next page. */
const keptMs = 60_000

interface Kept {
  readonly question: string
  readonly found: object
}

const recent = new WeakMap<ViewsReader["inventory"], Kept>()

/** @param question what was asked, points included, and by which operation */
export function keepForNextPage({ inventory }: ViewsReader, question: string, found: object): void {
  const kept = { question, found }
  recent.set(inventory, kept)
  setTimeout(() => recent.get(inventory) === kept && recent.delete(inventory), keptMs).unref()
}

/** What was kept of that question. */
export function keptFor({ inventory }: ViewsReader, question: string): object | undefined {
  const kept = recent.get(inventory)
  return kept?.question === question ? kept.found : undefined
}
