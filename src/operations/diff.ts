/** What differs between two points, or between two entities. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import type { Instant } from "#kernel/clock.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type Asked, type Difference, type Item, type ItemKey, difference } from "#timeline/diff/diff.js"
import { groupings } from "#timeline/diff/groups.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { findEntity } from "#timeline/entity.js"
import { resolvePoint } from "#timeline/resolve.js"
import { type PageKey, decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { q, selectionOf } from "./asked.js"
import { type QueryCall, query } from "./define.js"
import { fieldPath, fieldReference } from "./fields.js"
import { cursor, diffItemShape, entityReference, limit, pointShape } from "./shapes.js"

const counts = { created: z.int(), modified: z.int(), removed: z.int() }

const input = z.object({
  q,
  from: z.string().max(100).describe("Point in time to compare from"),
  to: z.string().max(100).optional().describe("Point in time to compare to; `at` (now) without it"),
  entity: entityReference
    .optional()
    .describe("Only this: a machine with what runs on it, a stack with its services, or a service; name or id"),
  against: entityReference
    .optional()
    .describe("Another entity of the same kind: `entity` at the first point is compared with this at the second"),
  field: fieldReference
    .optional()
    .describe(
      "Only what was modified in this field or in what is in it, and that alone: os.kernel, packages.pkg:nginx, network",
    ),
  by: z
    .enum(groupings)
    .default("entity")
    .describe("Group by entity, by kind of change, or by the source or actor that wrote each field last"),
  limit,
  cursor,
})

export const diff = query({
  name: "diff",
  summary: "Compare two points in time: the fleet, or one entity, or one with another",
  scope: "read",
  ofPoint: true,
  moments: ["from", "to"],
  input,
  output: z.object({
    from: pointShape,
    to: pointShape,
    summary: z.object(counts).describe("Of entities, over all pages"),
    groups: z
      .array(z.object({ group: z.string().nullable(), ...counts }))
      .describe("The groups in the order of their items, counted over all pages; empty when grouped by entity"),
    items: z.array(diffItemShape),
    next: z.string().nullable(),
  }),
  route: { method: "GET", path: "/api/v1/diff" },
  command: {
    name: "diff",
    positional: ["from", "[to]"],
    examples: [
      "diff -1h",
      "diff -- -1d now",
      "diff yesterday --entity web-1",
      "diff now --entity web-1 --against web-2",
      "diff -1d --by actor",
      "diff -30d --field packages.pkg:openssl",
      "diff -7d --q 'role:production service.runtime:docker'",
      "diff position:10 position:20 --output json",
    ],
  },
  async run(call, asked) {
    const { fleet } = call
    const { from, to, after } = await rangeOf(call, asked)
    await fleet.reached(Math.max(from.position, to.position) as Position)
    const { entity, against, field, by } = asked
    const question = JSON.stringify(["diff", from.position, to.position, entity, against, field, by, asked.q])
    const found =
      (keptFor(fleet.views, question) as Difference | undefined) ??
      (await difference(fleet.views, fleet.ledger, {
        from: from.position,
        to: to.position,
        by,
        ...(asked.q === undefined ? {} : { selection: await selectionOf(call, asked.q) }),
        ...(field === undefined ? {} : { field: await fieldPath(fleet.views, field) }),
        ...(await partOf(fleet.views, asked, from.position, to.position)),
      }))
    const all = found.items(after)
    if (all === undefined) throw wrongCursor()
    const items: Item[] = []
    let isMore = false
    for await (const item of all) {
      isMore = items.length === asked.limit
      if (isMore) break
      items.push(item)
    }
    const last = items.at(-1)
    const next = isMore && last !== undefined ? encodeCursor(call.point, keyOf(from, to, last)) : null
    if (next !== null) keepForNextPage(fleet.views, question, found)
    return { from, to, summary: found.summary, groups: found.groups, items, next }
  },
})

type Input = z.output<typeof input>

interface Comparison {
  readonly from: Point
  readonly to: Point
  readonly after?: ItemKey
}

/** A cursor keeps to both points of the page that gave it, and to the one that it was asked at. */
async function rangeOf({ fleet, point }: QueryCall, asked: Input): Promise<Comparison> {
  if (asked.cursor !== undefined) {
    const [begin, beginTime, end, endTime, id, group = null] = decodeCursor(asked.cursor).key
    const { position: head } = await fleet.ledger.head()
    if (typeof id !== "string" || typeof group === "number") throw wrongCursor()
    const [from, to] = [pointIn(begin, beginTime, head), pointIn(end, endTime, head)]
    return { from, to, after: { id, group: asked.by === "entity" ? undefined : group } }
  }
  const resolve = (at: string) => resolvePoint(fleet, at)
  return { from: await resolve(asked.from), to: asked.to === undefined ? point : await resolve(asked.to) }
}

/** @throws FleetError `InvalidInput` */
function pointIn(position: PageKey[number] | undefined, time: PageKey[number] | undefined, head: Position): Point {
  const isPosition = typeof position === "number" && Number.isSafeInteger(position) && position >= origin
  // Before a backup was restored there may have been more.
  if (!isPosition || position > head || typeof time !== "string") throw wrongCursor()
  return { position: position as Position, time: time as Instant }
}

function keyOf(from: Point, to: Point, { entity, group }: Item): PageKey {
  const points = [from.position, from.time, to.position, to.time]
  return [...points, entity.id, ...(typeof group === "string" ? [group] : [])]
}

async function partOf(
  views: ViewsReader,
  { entity, against, by }: Input,
  from: Position,
  to: Position,
): Promise<Pick<Asked, "about" | "against">> {
  if (against === undefined) return entity === undefined ? {} : { about: await foundAtEither(views, entity, to, from) }
  if (entity === undefined) throw new FleetError("InvalidInput", `"against" needs "entity", which it is compared with`)
  if (by === "source" || by === "actor") {
    throw new FleetError(
      "InvalidInput",
      `nobody wrote what two entities differ in; with "against", group by change or entity`,
    )
  }
  const [one, other] = [await findEntity(views, entity, from), await findEntity(views, against, to)]
  if (one.kind === other.kind) return { about: one, against: other }
  throw new FleetError(
    "InvalidInput",
    `"${entity.slice(0, 120)}" is a ${one.kind} and "${against.slice(0, 120)}" a ${other.kind}`,
  )
}

/** What was there at one of the points alone is found too. */
async function foundAtEither(views: ViewsReader, reference: string, to: Position, from: Position): Promise<RecordRow> {
  try {
    return await findEntity(views, reference, to)
  } catch (error) {
    if (error instanceof FleetError && error.code === "NotFound") return findEntity(views, reference, from)
    throw error
  }
}
