/** Changes as they are recorded, from any position on, without loss or repetition. */
import * as z from "zod"
import { catalog } from "#events/catalog.js"
import { position } from "#kernel/point.js"
import { type MarkedChange, markedChangeOf } from "#drift/marked.js"
import { type Call, stream } from "./define.js"
import { changeShape } from "./shapes.js"

const aPosition = "a position, from -1"

export const watch = stream({
  name: "watch",
  summary: "Follow changes as they happen",
  scope: "read",
  input: z.object({
    after: z.coerce
      .number(aPosition)
      .int(aPosition)
      .min(-1, aPosition)
      .optional()
      .describe("Position after which to begin; only new changes without it"),
  }),
  output: changeShape,
  route: { method: "GET", path: "/api/v1/changes/stream" },
  command: { name: "watch", positional: [], examples: ["watch", "watch --after 120 --output json"] },
  run: (call, input) => changesAfter(call, input.after),
})

async function* changesAfter({ fleet, signal, passed }: Call, after: number | undefined): AsyncIterable<MarkedChange> {
  const begin = after === undefined ? (await fleet.ledger.head()).position : position(after)
  for await (const batch of fleet.ledger.subscribe(begin, signal)) {
    const last = batch.at(-1)
    if (last !== undefined) await fleet.reached(last.position)
    for (const event of batch) {
      if (catalog[event.type].change) yield markedChangeOf(fleet.views, event)
    }
    if (last !== undefined && !catalog[last.type].change) passed?.(last.position)
  }
}
