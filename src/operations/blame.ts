/** Of each field of one entity: since when it is what it is, by which event, and what is known of that. */
import * as z from "zod"
import { bug } from "#kernel/errors.js"
import { blame as blameOf } from "#timeline/blame.js"
import { entityRef, findEntity } from "#timeline/entity.js"
import { recordsOfTarget } from "#timeline/target.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { query } from "./define.js"
import { fieldPath, fieldReference } from "./fields.js"
import { changeShape, cursor, entityReference, entityShape, limit, listOf } from "./shapes.js"

const item = changeShape
  .pick({ position: true, recordedAt: true, observedAt: true, occurredAt: true, type: true })
  .extend({
    path: z.string().describe("Down to a scalar or to one item of a collection"),
    value: z.json(),
    event: z.uuid().describe("Id of the event that wrote it last"),
    actor: z.string(),
    source: z.string().nullable(),
    runId: z.string().nullable(),
    reason: z.string().nullable(),
    record: z.uuid().describe("The record that it is of; a machine may have several"),
  })

export const blame = query({
  name: "blame",
  summary: "Say of each field of a machine, service or stack since when it is so, by which event, from which source",
  scope: "read",
  input: z.object({
    entity: entityReference.describe("Name or id"),
    field: fieldReference
      .optional()
      .describe("Only this field or what is in it: os.kernel, packages.pkg:nginx, network"),
    limit,
    cursor,
  }),
  output: listOf(item).extend({ entity: entityShape }),
  route: { method: "GET", path: "/api/v1/entities/{entity}/blame" },
  command: {
    name: "blame",
    positional: ["entity"],
    examples: ["blame web-1", "blame web-1 --field os.kernel", "blame web-1 --field packages --at -7d --output json"],
  },
  async run({ fleet, point }, asked) {
    const { views, ledger } = fleet
    const { position: at } = point
    const record = await findEntity(views, asked.entity, at)
    const records = record.kind === "target" ? await recordsOfTarget(views, record.id, at) : [record]
    const under = asked.field === undefined ? undefined : await fieldPath(views, asked.field)
    const fields = await blameOf(views, records, at, under)
    const begin = asked.cursor === undefined ? 0 : beginning(fields, asked.cursor)
    const shown = fields.slice(begin, begin + asked.limit)
    const positions = [...new Set(shown.map(({ position }) => position))]
    const events = new Map((await ledger.readAt(positions)).map((event) => [event.position, event]))
    const items = shown.map(({ path, value, position, record: { id } }) => {
      const event = events.get(position)
      if (event === undefined) throw bug(`the views name position ${position}, which the ledger does not have`)
      const { recordedAt, observedAt, occurredAt, type, metadata } = event
      return {
        path,
        value,
        position,
        recordedAt,
        observedAt,
        ...(occurredAt === undefined ? {} : { occurredAt }),
        event: event.id,
        type,
        actor: metadata.actor,
        source: metadata.source ?? null,
        runId: metadata.runId ?? null,
        reason: metadata.reason ?? null,
        record: id,
      }
    })
    const last = shown.at(-1)
    const hasMore = begin + shown.length < fields.length
    return {
      entity: await entityRef(views, record, at),
      items,
      next: hasMore && last !== undefined ? encodeCursor(point, [last.path]) : null,
    }
  },
})

/** Index of the first field behind the page before. */
function beginning(fields: readonly { readonly path: string }[], cursorText: string): number {
  const [key] = decodeCursor(cursorText).key
  if (typeof key !== "string") throw wrongCursor()
  const found = fields.findIndex(({ path }) => path > key)
  return found === -1 ? fields.length : found
}
