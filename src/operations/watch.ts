/** Changes as they are recorded, from any position on, without loss or repetition. */
import * as z from "zod"
import { catalog } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import { type Position, position } from "#kernel/point.js"
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
  run: async (call, input) => changesAfter(call, await beginning(call, input.after)),
})

/** As long as another instance's copy of the ledger may be behind the one that was followed before. */
const patienceMs = 2_000

async function beginning({ fleet: { ledger }, signal }: Call, after: number | undefined): Promise<Position> {
  const { position: last } = await ledger.head()
  const begin = after === undefined ? last : position(after)
  if (begin <= last) return begin
  const late = AbortSignal.timeout(patienceMs)
  for await (const batch of ledger.subscribe(last, AbortSignal.any([signal, late])))
    if ((batch.at(-1)?.position ?? last) >= begin) return begin
  if (!late.aborted) return begin
  throw new FleetError(
    "InvalidPoint",
    `position ${begin} is not recorded; the last is ${last}. If it was before a backup was restored, go on with "after" ${last}`,
  )
}

async function* changesAfter({ fleet, signal, passed }: Call, begin: Position): AsyncGenerator<MarkedChange> {
  for await (const batch of fleet.ledger.subscribe(begin, signal)) {
    const last = batch.at(-1)
    if (last !== undefined) await fleet.reached(last.position)
    for (const event of batch) {
      if (catalog[event.type].change) yield markedChangeOf(fleet.views, event)
    }
    if (last !== undefined && !catalog[last.type].change) passed?.(last.position)
  }
}
