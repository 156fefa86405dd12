/** Evidence of a period for auditors, in one signed archive. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import type { Point, Position } from "#kernel/point.js"
import { evidence as evidenceOf, mustHold } from "#reports/evidence.js"
import { resolveSince } from "#timeline/period.js"
import { text } from "./define.js"
import { provedBy } from "./export.js"

const aNumber = "a whole number from 1"

export const evidence = text({
  name: "evidence",
  summary:
    "Export evidence of a period: state at both ends, all changes, coverage and access, with proofs, in one signed archive",
  scope: "read",
  accounted: { as: "export", what: "since" },
  input: z.object({
    since: z.string().max(100).describe("Beginning of the period, a point in time; it ends at `at`"),
    checkpoint: z.coerce
      .number(aNumber)
      .int(aNumber)
      .min(1, aNumber)
      .optional()
      .describe("Prove it against the checkpoint of so many events; against a new one without it"),
  }),
  mediaTypes: ["application/x-tar"],
  route: { method: "GET", path: "/api/v1/evidence" },
  command: {
    name: "evidence",
    positional: ["since"],
    examples: ["evidence -30d > evidence.tar", "evidence 2026-10-01 --at 2026-11-01 > october.tar"],
  },
  async run(call, { since, checkpoint }) {
    const { fleet, signal } = call
    const begin = await resolveSince(fleet, call, since)
    const { size, note } = await provedBy(call, checkpoint)
    const point = vouchedFor(call.point, size)
    mustHold(begin, point)
    const sign = (said: string) => fleet.sealer.sign(said)
    const asked = { line: fleet, ledger: fleet.ledger, begin, point, note, sign, signal }
    return { mediaType: "application/x-tar", pieces: evidenceOf(asked) }
  },
})

/**
 * The end of the period, within what the checkpoint vouches for: the event that tells of a checkpoint is not, and is the last where nothing came after it.
 * @throws FleetError `InvalidInput`
 */
function vouchedFor(point: Point, size: number): Point {
  if (point.position < size) return point
  if (point.position === size) return { ...point, position: (size - 1) as Position }
  throw new FleetError(
    "InvalidInput",
    `the checkpoint vouches for ${size} events, and the period ends at position ${point.position}: a later checkpoint proves it, or --at position:${size - 1}`,
  )
}
