/** How the fleet is doing as of a point, worst first, with what is wrong and what that rests on. */
import * as z from "zod"
import type { Point } from "#kernel/point.js"
import { factors, healthStatus, healthStatuses } from "#projections/health/score.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { findEntity } from "#timeline/entity.js"
import { Judge, healthTotals } from "#timeline/health.js"
import { type JudgedEntity, judgedOf, judgedOfKind, reasonsOf } from "#timeline/judged.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { query } from "./define.js"
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

export const health = query({
  name: "health",
  summary: "Judge how machines, services or stacks are doing, worst first, with the reasons and what they rest on",
  scope: "read",
  input: z.object({
    entity: entityReference.optional().describe("Only this one; without it all of a kind"),
    kind: z
      .enum(kinds)
      .default("target")
      .describe(`Of which kind: ${kinds.join(", ")}`),
    policy: z
      .enum(["then", "now"])
      .default("then")
      .describe("By the policy that was in force at the point (then), or by the one that is now"),
    limit,
    cursor,
  }),
  output: listOf(item).extend({
    counts: healthTotalsShape.describe("Of all that is judged; the average is the score of the whole"),
  }),
  route: { method: "GET", path: "/api/v1/health" },
  command: {
    name: "health",
    positional: ["[entity]"],
    examples: ["health", "health web-1 --at -1d", "health --kind stack", "health --at -30d --policy now"],
  },
  async run({ fleet, point }, input) {
    const { views, ledger } = fleet
    const policyAt = input.policy === "now" ? (await ledger.head()).position : point.position
    if (policyAt > point.position) await fleet.reached(policyAt)
    const question = JSON.stringify(["health", point, input.entity, input.kind, policyAt])
    const kept = keptFor(views, question) as { readonly judged: readonly JudgedEntity[] } | undefined
    const judged = kept?.judged ?? (await judgedBy(views, await Judge.at(views, point, { policyAt }), point, input))
    const begin = input.cursor === undefined ? 0 : beginning(judged, input.cursor)
    const shown = judged.slice(begin, begin + input.limit)
    const last = shown.at(-1)
    const next = begin + shown.length < judged.length && last !== undefined ? encodeCursor(point, [last.id]) : null
    if (next !== null) keepForNextPage(views, question, { judged })
    const items = []
    for (const each of shown) {
      const { score } = each.health
      const reasons = await reasonsOf(views, each, point.position)
      items.push({ entity: each.entity, score, status: healthStatus(score), reasons })
    }
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

function beginning(judged: readonly JudgedEntity[], text: string): number {
  const [id] = decodeCursor(text).key
  const found = judged.findIndex((each) => each.id === id)
  if (found === -1) throw wrongCursor()
  return found + 1
}
