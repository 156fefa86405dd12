/** What changed, newest first: of one entity, or of the fleet. */
import * as z from "zod"
import { type Position, origin } from "#kernel/point.js"
import { type Change, changeOf } from "#timeline/change.js"
import { findEntity } from "#timeline/entity.js"
import { recordsOfTarget } from "#timeline/target.js"
import { resolvePoint } from "#timeline/resolve.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { query } from "./define.js"
import { changeShape, cursor, entityReference, limit, listOf } from "./shapes.js"

export const history = query({
  name: "history",
  summary: "List changes, newest first: of a machine with its services, of a service, or of the fleet",
  scope: "read",
  ofPoint: true,
  input: z.object({
    entity: entityReference.optional().describe("Name or id; the whole fleet without it"),
    since: z.string().max(100).optional().describe("Only changes after this point in time"),
    limit,
    cursor,
  }),
  output: listOf(changeShape),
  route: { method: "GET", path: "/api/v1/history" },
  command: {
    name: "history",
    positional: ["[entity]"],
    examples: ["history", "history web-1 --since -1d", "history web-1 --output json"],
  },
  async run({ fleet, point }, input) {
    const { ledger, views } = fleet
    const record = input.entity === undefined ? undefined : await findEntity(views, input.entity, point.position)
    const records =
      record?.kind === "target" ? await recordsOfTarget(views, record.id, point.position) : record && [record]
    const since = input.since === undefined ? origin : (await resolvePoint(fleet, input.since)).position
    const [key] = input.cursor === undefined ? [point.position + 1] : decodeCursor(input.cursor).key
    if (typeof key !== "number") throw wrongCursor()
    const page = await views.history.page({
      before: key as Position,
      from: (since + 1) as Position,
      limit: input.limit + 1,
      ...(records === undefined ? {} : { recordNos: records.map(({ no }) => no) }),
    })
    const shown = page.slice(0, input.limit)
    const items: Change[] = []
    for (const event of await ledger.readAt(shown)) items.push(await changeOf(views, event))
    const last = shown.at(-1)
    return { items, next: page.length > shown.length && last !== undefined ? encodeCursor(point, [last]) : null }
  },
})
