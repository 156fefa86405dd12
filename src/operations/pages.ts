/** Pages of records in the order of their names. */
import type { NamedRecord } from "#projections/inventory/read.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import type { QueryCall } from "./define.js"

/** Where a page of records by name begins. */
export function after(text: string | undefined): { readonly after?: { readonly name: string; readonly id: string } } {
  if (text === undefined) return {}
  const [name, id] = decodeCursor(text).key
  if (typeof name !== "string" || typeof id !== "string") throw wrongCursor()
  return { after: { name, id } }
}

export function nextOf({ point }: QueryCall, shown: readonly NamedRecord[]): string | null {
  const last = shown.at(-1)
  return last === undefined ? null : encodeCursor(point, [last.name, last.id])
}
