/** Changes behind a position, for those who come by now and then and must miss none: each answer says where to go on. */
import * as z from "zod"
import { changeTypes } from "#events/catalog.js"
import { type Position, position } from "#kernel/point.js"
import { type MarkedChange, markedChangeOf } from "#drift/marked.js"
import { query } from "./define.js"
import { changeShape, limit } from "./shapes.js"

const aPosition = "a position, from -1"

export const changes = query({
  name: "changes",
  summary: "List changes after a position, oldest first, and say where to go on",
  scope: "read",
  ofPoint: true,
  input: z.object({
    after: z.coerce
      .number(aPosition)
      .int(aPosition)
      .min(-1, aPosition)
      .default(-1)
      .describe("`after` of the answer before; everything without it"),
    limit,
  }),
  output: z.object({
    items: z.array(changeShape),
    after: z.int().describe("Ask for what is after this the next time: nothing is missed, and nothing told twice"),
    isMore: z.boolean().describe("Whether there is more by now"),
  }),
  route: { method: "GET", path: "/api/v1/changes" },
  command: { name: "changes", positional: [], examples: ["changes --after 120 --output ndjson"] },
  async run({ fleet, point }, { after, limit: most }) {
    const begin = Math.min(after, point.position) as Position
    const events = await fleet.ledger.readAll({
      after: begin,
      upTo: point.position,
      types: changeTypes,
      limit: most + 1,
    })
    const shown = events.slice(0, most)
    const items: MarkedChange[] = []
    for (const event of shown) items.push(await markedChangeOf(fleet.views, event))
    const isMore = events.length > shown.length
    const last = shown.at(-1)
    return { items, after: isMore && last !== undefined ? position(last.position) : point.position, isMore }
  },
})
