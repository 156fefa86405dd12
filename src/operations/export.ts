/** The ledger, or a range of it, as lines that prove themselves. */
import * as z from "zod"
import { exportLines } from "#ledger/proof/export.js"
import { begun } from "#kernel/begun.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import { type Call, stream } from "./define.js"

const aPosition = "a position, from 0"
const optionalPosition = z.coerce.number(aPosition).int(aPosition).min(0, aPosition).optional()

export const exportLedger = stream({
  name: "export",
  summary: "Export the ledger, or a range of it, as CloudEvents that can be checked offline",
  scope: "read",
  accounted: { as: "export" },
  finite: true,
  input: z.object({
    from: optionalPosition.describe("First position; the first of all without it"),
    to: optionalPosition.describe("Last position; the last that is sealed without it"),
    checkpoint: optionalPosition.describe(
      "Prove it against the checkpoint of so many events; against a new one without it",
    ),
  }),
  output: z.looseObject({ position: z.int(), type: z.string() }),
  route: { method: "GET", path: "/api/v1/export" },
  command: {
    name: "export",
    positional: [],
    examples: ["export > ledger.ndjson", "export --from 100 --to 250 --checkpoint 300"],
  },
  run: (call, input) => begun(lines(call, input)),
})

async function* lines(
  call: Call,
  { from, to, checkpoint }: { from?: number | undefined; to?: number | undefined; checkpoint?: number | undefined },
): AsyncIterable<{ readonly position: number }> {
  const { fleet, signal } = call
  const { size, note } = await provedBy(call, checkpoint)
  yield* exportLines(fleet.ledger, { from: from ?? 0, to: to ?? size - 1, note }, signal)
}

/** The checkpoint of so many events; a new one of all there are without a number. @throws FleetError `NotFound` */
export async function provedBy(
  call: Call,
  size: number | undefined,
): Promise<{ readonly size: number; readonly note: string }> {
  return size === undefined ? call.fleet.sealing.now() : checkpointOf(call, size)
}

/** The event that tells of a checkpoint stands not far behind what it vouches for. */
async function checkpointOf({ fleet }: Call, size: number): Promise<{ readonly size: number; readonly note: string }> {
  const after = (size - 1) as Position
  const events = await fleet.ledger.readAll({ after, types: ["LedgerCheckpointed"], limit: 100 })
  const found = events.flatMap((event) => (event.type === "LedgerCheckpointed" ? [event.data] : []))
  const checkpoint = found.find((data) => data.size === size)
  if (checkpoint !== undefined) return checkpoint
  throw new FleetError("NotFound", `no checkpoint in the ledger vouches for ${size} events`)
}
