/** Pages of records in the order of their names. */
import type { Kind, NamedRecord } from "#projections/inventory/read.js"
import { findEntity } from "#timeline/entity.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import type { QueryCall } from "./define.js"

interface Asked {
  readonly limit: number
  readonly retired: boolean
  readonly cursor?: string | undefined
  /** Name or id of the machine that they run on. */
  readonly target?: string | undefined
}

/** The records of a kind that are asked for, each told by `tell`, and the cursor of the page after them. */
export async function pageOf<T>(
  call: QueryCall,
  kind: Kind,
  { limit, retired, cursor, target }: Asked,
  tell: (record: NamedRecord) => Promise<T>,
): Promise<{ readonly items: T[]; readonly next: string | null }> {
  const { views } = call.fleet
  const { position: at } = call.point
  const under = target === undefined ? undefined : await findEntity(views, target, at)
  const page = await views.inventory.page({
    kind,
    at,
    limit: limit + 1,
    includeRetired: retired,
    ...(under === undefined ? {} : { targetId: under.id }),
    ...after(cursor),
  })
  const shown = page.slice(0, limit)
  const items: T[] = []
  for (const record of shown) items.push(await tell(record))
  return { items, next: page.length > shown.length ? nextOf(call, shown) : null }
}

/** Where a page of records by name begins. */
function after(text: string | undefined): { readonly after?: { readonly name: string; readonly id: string } } {
  if (text === undefined) return {}
  const [name, id] = decodeCursor(text).key
  if (typeof name !== "string" || typeof id !== "string") throw wrongCursor()
  return { after: { name, id } }
}

function nextOf({ point }: QueryCall, shown: readonly NamedRecord[]): string | null {
  const last = shown.at(-1)
  return last === undefined ? null : encodeCursor(point, [last.name, last.id])
}
