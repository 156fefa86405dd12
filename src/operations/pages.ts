/** Pages of entities, in the order that is asked for. */
import * as z from "zod"
import type { Condition } from "#projections/entities/condition.js"
import { type Entity, type PageKey, type Sort, pageKey, sortable } from "#projections/entities/read.js"
import type { Kind } from "#projections/inventory/read.js"
import { findEntity } from "#timeline/entity.js"
import { conditionsOf } from "./asked.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import type { QueryCall } from "./define.js"

export const sort = z
  .enum([...sortable, ...sortable.map((column) => `-${column}` as const)])
  .default("name")
  .describe("What to sort by; with a minus sign before it, the other way round")

interface Asked {
  readonly q?: string | undefined
  readonly sort?: z.output<typeof sort>
  readonly limit: number
  readonly retired: boolean
  readonly cursor?: string | undefined
  /** Name or id of the machine that they run on. */
  readonly target?: string | undefined
}

export interface Page<T> {
  readonly items: T[]
  readonly next: string | null
}

/** The entities of a kind that are asked for, told by `tell`, and the cursor of the page after them. */
export async function pageOf<T>(
  call: QueryCall,
  kind: Kind,
  asked: Asked,
  tell: (entities: readonly Entity[]) => Promise<T[]>,
): Promise<Page<T>> {
  const condition = (await conditionsOf(call, asked.q, [kind])).get(kind)
  return pageOfKinds(call, [{ kind, condition }], asked, tell)
}

/** What is told of each by itself. */
export async function oneByOne<T>(entities: readonly Entity[], tell: (entity: Entity) => Promise<T>): Promise<T[]> {
  const items: T[] = []
  for (const entity of entities) items.push(await tell(entity))
  return items
}

/** The same of several kinds, one after the other. */
export async function pageOfKinds<T>(
  call: QueryCall,
  wanted: readonly { readonly kind: Kind; readonly condition: Condition | undefined }[],
  { sort: order = "name", limit, retired, cursor, target }: Asked,
  tell: (entities: readonly Entity[]) => Promise<T[]>,
): Promise<Page<T>> {
  const { fleet, point } = call
  const { position: at } = point
  const under = target === undefined ? undefined : await findEntity(fleet.views, target, at)
  const descending = order.startsWith("-")
  const by = (descending ? order.slice(1) : order) as Sort
  const begun = cursor === undefined ? undefined : begin(cursor, order)
  const from = begun === undefined ? 0 : wanted.findIndex(({ kind }) => kind === begun.kind)
  if (from === -1) throw wrongCursor()
  const found: Entity[] = []
  for (const { kind, condition } of wanted.slice(from)) {
    if (found.length > limit) break
    const page = await fleet.views.entities.page({
      kind,
      at,
      condition,
      includeRetired: retired,
      targetNo: under?.no,
      limit: limit + 1 - found.length,
      sort: by,
      descending,
      after: kind === begun?.kind ? begun.after : undefined,
    })
    found.push(...page)
  }
  const shown = found.slice(0, limit)
  const items = await tell(shown)
  const last = shown.at(-1)
  const isMore = found.length > shown.length && last !== undefined
  return { items, next: isMore ? encodeCursor(point, [order, last.kind, ...pageKey(last, by)]) : null }
}

/** Where a page begins. */
function begin(cursor: string, order: string): { readonly kind: string; readonly after: PageKey } {
  const [sorted, kind, value, name, no] = decodeCursor(cursor).key
  const isOurs =
    sorted === order &&
    typeof kind === "string" &&
    value !== undefined &&
    typeof name === "string" &&
    typeof no === "number"
  if (!isOurs) throw wrongCursor()
  return { kind, after: [value, name, no] }
}
