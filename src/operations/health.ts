/** How the fleet is doing as of a point, worst first, with what is wrong and what that rests on. */
import * as z from "zod"
import { bug } from "#kernel/errors.js"
import type { RecordId } from "#kernel/ids.js"
import { type Point, type Position } from "#kernel/point.js"
import { type Health, factors, healthStatus, healthStatuses } from "#projections/health/score.js"
import { type Kind, type RecordRow, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { blame } from "#timeline/blame.js"
import { type EntityRef, entityRef, findEntity } from "#timeline/entity.js"
import { Judge, healthTotals } from "#timeline/health.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { recordsOfTarget } from "#timeline/target.js"
import { inTurns, sortedInTurns } from "#timeline/turns.js"
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
    const kept = keptFor(views, question) as { readonly judged: readonly Judged[] } | undefined
    const judged = kept?.judged ?? (await judgedOf(views, await Judge.at(views, point, { policyAt }), point, input))
    const begin = input.cursor === undefined ? 0 : beginning(judged, input.cursor)
    const shown = judged.slice(begin, begin + input.limit)
    const last = shown.at(-1)
    const next = begin + shown.length < judged.length && last !== undefined ? encodeCursor(point, [last.id]) : null
    if (next !== null) keepForNextPage(views, question, { judged })
    const items = []
    for (const each of shown) items.push(await told(views, each, point.position))
    return { items, next, counts: healthTotals(new Map(judged.map(({ id, health: { score } }) => [id, score]))) }
  },
})

interface Judged {
  readonly id: RecordId
  readonly record: RecordRow
  readonly entity: EntityRef
  readonly health: Health
}

async function judgedOf(
  views: ViewsReader,
  judge: Judge,
  { position }: Point,
  { entity, kind }: { readonly entity?: string | undefined; readonly kind: Kind },
): Promise<readonly Judged[]> {
  const of = async (record: RecordRow): Promise<Judged> => ({
    id: record.id,
    record,
    entity: await entityRef(views, record, position),
    health: await judge.judge(record),
  })
  if (entity !== undefined) return [await of(await findEntity(views, entity, position))]
  const [turn, judged]: [() => Promise<void>, Judged[]] = [inTurns(), []]
  for (const no of await views.entities.numbers({ kind, at: position })) {
    const record = await views.inventory.recordByNo(no)
    if (record === undefined) throw bug(`the views do not know the record ${no}`)
    judged.push(await of(record))
    await turn()
  }
  return sortedInTurns(judged, worstFirst)
}

/** What is not known comes behind what is known to be wrong, and before what is well. */
function worstFirst(a: Judged, b: Judged): number {
  const rank = ({ health: { score } }: Judged) => score ?? 0.995
  return rank(a) - rank(b) || (a.entity.name < b.entity.name ? -1 : a.entity.name > b.entity.name ? 1 : 0)
}

/** With the events that the reasons rest on. */
async function told(views: ViewsReader, { record, entity, health: { score, reasons } }: Judged, at: Position) {
  const records = record.kind === "target" ? await recordsOfTarget(views, record.id, at) : [record]
  const known = []
  for (const { path, ...reason } of reasons) {
    const written = path === null ? [] : await blame(views, records, at, path)
    const position = written.length === 0 ? null : Math.max(...written.map((field) => field.position))
    known.push({ ...reason, path, position })
  }
  return { entity, score, status: healthStatus(score), reasons: known }
}

function beginning(judged: readonly Judged[], text: string): number {
  const [id] = decodeCursor(text).key
  const found = judged.findIndex((each) => each.id === id)
  if (found === -1) throw wrongCursor()
  return found + 1
}
