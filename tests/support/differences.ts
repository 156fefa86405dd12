/** All items of a difference at once. */
import { type Ledger } from "#ledger/port.js"
import type { ViewsReader } from "#projections/views.js"
import { type Asked, type Item, difference } from "#timeline/diff/diff.js"

export async function itemsBetween(views: ViewsReader, ledger: Pick<Ledger, "readAt">, asked: Asked): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of (await difference(views, ledger, asked)).items() ?? []) items.push(item)
  return items
}
