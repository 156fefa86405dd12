/** Events that a handler could not handle and went on behind. */
import * as z from "zod"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { command, query } from "./define.js"
import { cursor, limit, listOf } from "./shapes.js"

const deadLetter = z.object({
  id: z.uuid(),
  handler: z.string(),
  position: z.int(),
  message: z.string().describe("Why the last attempt failed"),
  attempts: z.int(),
  at: z.iso.datetime().describe("When the last attempt failed"),
})

export const deadLetterList = query({
  name: "deadletter list",
  summary: "List the events that a handler could not handle",
  scope: "read",
  withoutViews: true,
  input: z.object({ limit, cursor }),
  output: listOf(deadLetter),
  route: { method: "GET", path: "/api/v1/dead-letters" },
  command: { name: "deadletter list", positional: [], examples: ["deadletter list"] },
  async run({ fleet, point }, input) {
    const page = await fleet.ops.deadLetters.page(after(input.cursor), input.limit + 1)
    const shown = page.slice(0, input.limit)
    const last = page.length > shown.length ? shown.at(-1) : undefined
    return { items: shown, next: last === undefined ? null : encodeCursor(point, [last.position, last.id]) }
  },
})

function after(text: string | undefined): { readonly position: number; readonly id: string } {
  if (text === undefined) return { position: -1, id: "" }
  const [position, id] = decodeCursor(text).key
  if (typeof position !== "number" || typeof id !== "string") throw wrongCursor()
  return { position, id }
}

export const deadLetterRetry = command({
  name: "deadletter retry",
  summary: "Have a handler try the event of a dead letter once more",
  scope: "operate",
  input: z.object({ id: z.string().min(1).max(80).describe("The dead letter's id") }),
  output: deadLetter.extend({ outcome: z.enum(["handled", "failed"]) }),
  route: { method: "POST", path: "/api/v1/dead-letters/{id}/retry" },
  command: {
    name: "deadletter retry",
    positional: ["id"],
    examples: ["deadletter retry 5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201"],
  },
  run: ({ fleet, signal }, input) => fleet.subscriptions.retry(input.id, signal),
})
