/** Whether a field of a record is at one position what it was at another. */
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Json, isObject } from "#kernel/json.js"
import { unescapeKey } from "#kernel/pointer.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"

/** @param path pointer into its document; empty for whether it is there at all */
export async function isAsItWas(
  views: ViewsReader,
  record: Pick<RecordRow, "no">,
  path: string,
  then: Position,
  now: Position,
): Promise<boolean> {
  const [before, after] = [await valueAt(views, record, path, then), await valueAt(views, record, path, now)]
  return canonicalJson(before) === canonicalJson(after)
}

/** Null for what is not there, as what is retired is not. */
async function valueAt(views: ViewsReader, { no }: Pick<RecordRow, "no">, path: string, at: Position): Promise<Json> {
  const [facet, ...keys] = path.split("/").slice(1).map(unescapeKey)
  if (facet === undefined) {
    const lifecycle = (await views.inventory.value(no, "/lifecycle", at)) ?? null
    return lifecycle === "retired" ? null : lifecycle
  }
  let value: Json = (await views.inventory.document(no, at, [facet]))[facet] ?? null
  for (const key of keys) value = isObject(value) ? (value[key] ?? null) : null
  return value
}
