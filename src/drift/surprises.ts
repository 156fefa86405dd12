/** Whether a surprise still is one: it ends when all that changed unannounced is as it was before, or by what is said of it afterwards. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Position, position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { changedPaths, subjectOf } from "#projections/inventory/patch-of.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import { isAsItWas } from "./as-it-was.js"
import { isExplained, isUnexpected } from "./expected.js"

const atOnce = 500

/**
 * @param cause position of a change that was a surprise; those of the same record since then count with it
 * @param at the views must have reached it
 */
export async function stillSurprises(
  views: ViewsReader,
  ledger: Pick<Ledger, "readAt" | "readStream">,
  cause: Position,
  at: Position,
): Promise<boolean> {
  const [first] = await ledger.readAt([cause])
  const record = first && (await views.inventory.record(recordOf(subjectOf(first)).id))
  if (record === undefined) return false
  const seen = new Set<string>()
  for await (const event of changesSince(ledger, first as RecordedEvent, at)) {
    if (!(await isUnexpected(views, event)) || (await isExplained(views, event, at))) continue
    for (const path of changedPaths(event)) {
      // What it was before the first of them is what it was meant to be.
      if (!seen.has(path) && !(await isAsItWas(views, record, path, position(event.position - 1), at))) return true
      seen.add(path)
    }
  }
  return false
}

async function* changesSince(
  ledger: Pick<Ledger, "readStream">,
  first: RecordedEvent,
  at: Position,
): AsyncGenerator<RecordedEvent> {
  yield first
  if (subjectOf(first) !== first.stream) return
  for (let from = first.revision + 1; ;) {
    const page = await ledger.readStream(first.stream, { from, limit: atOnce })
    for (const event of page) {
      if (event.position > at) return
      if (changedPaths(event).length > 0) yield event
    }
    if (page.length < atOnce) return
    from += page.length
  }
}
