/** Who used what matters for who may know and change what: for auditors. */
import * as z from "zod"
import type { Position } from "#kernel/point.js"
import { accessOf, accessTypes as types } from "#timeline/access.js"
import { resolveSince } from "#timeline/period.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type QueryCall, query } from "./define.js"
import { cursor, limit, listOf } from "./shapes.js"

export const access = query({
  name: "access",
  summary: "List who exported, administered and was refused, oldest first",
  scope: "read",
  ofPoint: true,
  moments: ["since"],
  withoutViews: true,
  input: z.object({
    since: z.string().max(100).optional().describe("Only what was recorded after this point in time"),
    actor: z.string().min(1).max(500).optional().describe("Only what this one did: user:ada, token:ci"),
    limit,
    cursor,
  }),
  output: listOf(
    z.object({
      position: z.int(),
      recordedAt: z.iso.datetime(),
      type: z.string(),
      actor: z.string(),
      what: z.string().describe("In words"),
      reason: z.string().nullable(),
    }),
  ),
  route: { method: "GET", path: "/api/v1/access" },
  command: {
    name: "access",
    positional: [],
    examples: ["access --since -30d", "access --actor token:ci --output csv"],
  },
  async run(call, { since, actor, limit: most, cursor: begun }) {
    const { fleet, point } = call
    let after = await beginning(call, since, begun)
    const items: object[] = []
    for (;;) {
      const events = await fleet.ledger.readAll({ after, upTo: point.position, types, limit: most })
      for (const event of events) {
        if (actor === undefined || event.metadata.actor === actor) items.push(accessOf(event))
        after = event.position
        if (items.length === most) return { items, next: encodeCursor(point, [after]) }
      }
      if (events.length < most) return { items, next: null }
    }
  },
})

async function beginning(call: QueryCall, since: string | undefined, begun: string | undefined): Promise<Position> {
  if (begun === undefined)
    return since === undefined ? (-1 as Position) : (await resolveSince(call.fleet, call, since)).position
  const [position] = decodeCursor(begun).key
  if (typeof position !== "number") throw wrongCursor()
  return position as Position
}
