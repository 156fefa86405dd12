/** What fills the ledger: the fields that make the most events. One that leads by far is better a gauge, or looked at by fewer. */
import * as z from "zod"
import { epochMs, instant } from "#kernel/clock.js"
import { type Position, origin } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { entityRef, targetOf } from "#timeline/entity.js"
import { resolveSince } from "#timeline/period.js"
import { type QueryCall, query } from "./define.js"
import { entityShape, limit } from "./shapes.js"

const dayMs = 86_400_000
const defaultDays = 7

export const noise = query({
  name: "noise",
  summary: "List the fields that make the most events, with the source that tells them",
  scope: "read",
  input: z.object({
    since: z
      .string()
      .max(100)
      .optional()
      .describe(`Only events after this point in time; the last ${defaultDays} days without it`),
    limit,
  }),
  output: z.object({
    since: z.iso.datetime(),
    items: z.array(
      z.object({
        field: z.string().describe("With `*` for an item of a collection"),
        kind: entityShape.shape.kind,
        source: z.string(),
        events: z.int(),
        perDay: z.number(),
        example: entityShape.describe("The entity that it last changed of"),
      }),
    ),
    next: z.null(),
  }),
  route: { method: "GET", path: "/api/v1/noise" },
  command: { name: "noise", positional: [], examples: ["noise", "noise --since -1d --limit 10"] },
  async run(call, input) {
    const { views } = call.fleet
    const { position: at, time } = call.point
    const since = await beginning(call, input.since)
    const days = Math.max((epochMs(time) - epochMs(since.time)) / dayMs, 1)
    const found = await views.inventory.noise(since.position, at)
    const items = []
    for (const { recordNo, ...field } of found.slice(0, input.limit)) {
      const record = (await views.inventory.recordByNo(recordNo)) as RecordRow
      const example = await entityRef(views, await targetOf(views, record, at), at)
      items.push({ ...field, perDay: Math.round((field.events / days) * 10) / 10, example })
    }
    return { since: since.time, items, next: null }
  },
})

/** As far back as was asked for; without that a week, or to the ledger's beginning. */
async function beginning(call: QueryCall, since: string | undefined) {
  const { fleet, point } = call
  const { ledger } = fleet
  if (since !== undefined) return resolveSince(fleet, call, since)
  const time = instant(epochMs(point.time) - defaultDays * dayMs)
  const position = await ledger.positionAt(time)
  if (position !== origin || point.position === origin) return { position, time }
  return { position, time: await ledger.timeOf(0 as Position) }
}
