/** How the fleet is doing as of a point, worst first, with what is wrong and what that rests on. */
import * as z from "zod"
import { FleetError, bug } from "#kernel/errors.js"
import type { Point } from "#kernel/point.js"
import { factors, healthStatus, healthStatuses } from "#projections/health/score.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { entityRef, findEntity } from "#timeline/entity.js"
import { type Entity, type PageKey, pageKey } from "#projections/entities/read.js"
import { Judge, healthAt, healthTotals, healthTotalsAt } from "#timeline/health.js"
import { type JudgedEntity, judgedOf, judgedOfKind, reasonsOf } from "#timeline/judged.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type QueryCall, query } from "./define.js"
import { oneByOne } from "./pages.js"
import { cursor, entityReference, entityShape, healthTotalsShape, limit, listOf } from "./shapes.js"

const reasonShape = z.object({
  factor: z.enum(factors),
  weight: z.number().describe("What it takes from 1"),
  fact: z.string(),
  path: z.string().nullable().describe("The field that it rests on: a pointer into the entity's document"),
  position: z.int().nullable().describe("Of the event by which that field is as it is"),
})

const item = z.object({
  entity: entityShape,
  score: z.number().nullable().describe("From 0 to 1; null where nothing is known of how it is doing"),
  status: z.enum(healthStatuses),
  reasons: z.array(reasonShape),
})

const input = z.object({
  entity: entityReference.optional().describe("Only this one; without it all of a kind"),
  kind: z
    .enum(kinds)
    .default("target")
    .describe(`Of which kind: ${kinds.join(", ")}`),
  policy: z
    .enum(["then", "now", "none"])
    .default("then")
    .describe(
      "By the policy that was in force at the point (then), by the one that is now, or by what lists tell of machines, which checks and the clock leave alone (none): quick in a large fleet",
    ),
  limit,
  cursor,
})

export const health = query({
  name: "health",
  summary: "Judge how machines, services or stacks are doing, worst first, with the reasons and what they rest on",
  scope: "read",
  input,
  output: listOf(item).extend({
    counts: healthTotalsShape.describe("Of all that is judged; the average is the score of the whole"),
  }),
  route: { method: "GET", path: "/api/v1/health" },
  command: {
    name: "health",
    positional: ["[entity]"],
    examples: [
      "health",
      "health web-1 --at -1d",
      "health --kind stack",
      "health --at -30d --policy now",
      "health --policy none",
    ],
  },
  async run(call, asked) {
    if (asked.policy === "none") return listed(call, asked)
    const { fleet, point } = call
    const { views, ledger } = fleet
    const policyAt = asked.policy === "now" ? (await ledger.head()).position : point.position
    if (policyAt > point.position) await fleet.reached(policyAt)
    const question = JSON.stringify(["health", point, asked.entity, asked.kind, policyAt])
    const kept = keptFor(views, question) as { readonly judged: readonly JudgedEntity[] } | undefined
    const judged = kept?.judged ?? (await judgedBy(views, await Judge.at(views, point, { policyAt }), point, asked))
    const { shown, next } = pageAmong(judged, point, asked)
    if (next !== null) keepForNextPage(views, question, { judged })
    const items = []
    for (const each of shown) items.push(await told(views, each, point))
    return { items, next, counts: healthTotals(new Map(judged.map(({ id, health: { score } }) => [id, score]))) }
  },
})

async function judgedBy(
  views: ViewsReader,
  judge: Judge,
  { position }: Point,
  { entity, kind }: { readonly entity?: string | undefined; readonly kind: Kind },
): Promise<readonly JudgedEntity[]> {
  if (entity === undefined) return judgedOfKind(views, judge, kind, position)
  return [await judgedOf(views, judge, await findEntity(views, entity, position), position)]
}

/** As rows of entities have it: nothing is judged but what is shown. */
async function listed({ fleet: { views }, point }: QueryCall, asked: z.output<typeof input>) {
  const { position } = point
  const only = asked.entity === undefined ? undefined : await findEntity(views, asked.entity, position)
  if ((only?.kind ?? asked.kind) !== "target")
    throw new FleetError("InvalidInput", "without a policy machines alone have a score")
  const tell = async ({ id }: Entity) => {
    const record = await views.inventory.record(id)
    if (record === undefined) throw bug(`the views do not know the record ${id}`)
    const entity = await entityRef(views, record, position)
    return told(views, { id, record, entity, health: await healthAt(views, record, position) }, point)
  }
  if (only !== undefined) {
    const rows = await views.entities.rows("target", position, [only.no])
    const present = rows.filter(({ lifecycle }) => lifecycle !== "retired")
    const counts = healthTotals(new Map(present.map(({ id, health: score }) => [id, score])))
    return { items: await oneByOne(present, tell), next: null, counts }
  }
  const { limit: most, cursor: text } = asked
  const after = text === undefined ? undefined : behind(text)
  const found = await views.entities.page({ kind: "target", at: position, sort: "worst", limit: most + 1, after })
  const shown = found.slice(0, most)
  const items = await oneByOne(shown, tell)
  const last = shown.at(-1)
  const next = found.length > most && last !== undefined ? encodeCursor(point, pageKey(last, "worst")) : null
  return { items, next, counts: healthTotalsAt(views, position) }
}

function behind(cursorText: string): PageKey {
  const [score, name, no] = decodeCursor(cursorText).key
  if (typeof score !== "number" || typeof name !== "string" || typeof no !== "number") throw wrongCursor()
  return [score, name, no]
}

async function told(views: ViewsReader, judged: JudgedEntity, { position }: Point) {
  const { score } = judged.health
  return {
    entity: judged.entity,
    score,
    status: healthStatus(score),
    reasons: await reasonsOf(views, judged, position),
  }
}

function pageAmong<T extends { readonly id: string }>(
  all: readonly T[],
  point: Point,
  { cursor: text, limit: most }: { readonly cursor?: string | undefined; readonly limit: number },
) {
  const begin = text === undefined ? 0 : beginning(all, text)
  const shown = all.slice(begin, begin + most)
  const last = shown.at(-1)
  const next = begin + shown.length < all.length && last !== undefined ? encodeCursor(point, [last.id]) : null
  return { shown, next }
}

function beginning(all: readonly { readonly id: string }[], text: string): number {
  const [id] = decodeCursor(text).key
  const found = all.findIndex((each) => each.id === id)
  if (found === -1) throw wrongCursor()
  return found + 1
}
