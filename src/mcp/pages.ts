/** Lists within the budget: a page is as long as fits, and its cursor goes on behind what was told. */
import * as z from "zod"
import type { Json, JsonObject } from "#kernel/json.js"
import type { Query } from "#operations/define.js"
import { cursor } from "#operations/shapes.js"
import { sizeOf } from "./fit.js"
import type { Ask } from "./tool.js"
import { neutral } from "./untrusted.js"

/** Of the items of a page, in bytes; the rest of the budget is for what stands around them. */
export const mostOfItems = 10_000

export interface Page {
  readonly items: readonly JsonObject[]
  readonly next: string | null
}

export const paging = {
  limit: z.int().min(1).max(1_000).default(50).describe("Most items; fewer come where more do not fit"),
  cursor: cursor.describe("`next` of the answer before"),
}

/** @param tell what is said of an item */
export async function pageThatFits<P extends Page>(
  ask: Ask,
  operation: Query,
  input: Readonly<Record<string, unknown>> & { readonly limit: number },
  tell: (item: JsonObject, page: P) => JsonObject | Promise<JsonObject>,
): Promise<P> {
  let most = input.limit
  for (;;) {
    const page = await ask<P>(operation, { ...input, limit: most })
    const items: JsonObject[] = []
    for (const item of page.items) items.push(neutral(await tell(item, page)) as JsonObject)
    const fitting = howManyFit(items, mostOfItems - (page.next?.length ?? 0))
    if (fitting === items.length || most === 1) return { ...page, items }
    // Only a page of that length has the cursor that goes on behind it.
    most = Math.max(1, fitting)
  }
}

function howManyFit(items: readonly Json[], bytes: number): number {
  let size = 0
  const first = items.findIndex((item) => (size += sizeOf(item) + 1) > bytes)
  return first === -1 ? items.length : first
}
