/** How many changes there were and when, for a strip along the time: of the fleet or of one entity. */
import * as z from "zod"
import { type Point, origin } from "#kernel/point.js"
import { densityOf } from "#timeline/density.js"
import { findEntity } from "#timeline/entity.js"
import { mustBeInOrder, noLater } from "#timeline/period.js"
import { justBefore, resolveBeginning, resolvePoint } from "#timeline/resolve.js"
import { recordsBehind } from "#timeline/whose.js"
import { type QueryCall, query } from "./define.js"
import { entityReference, pointShape } from "./shapes.js"

const aNumber = "a whole number from 1 to 2000"

export const density = query({
  name: "density",
  summary: "Count changes by time and severity, of the fleet or of one machine, stack or service",
  scope: "read",
  input: z.object({
    entity: entityReference
      .optional()
      .describe(
        "Name or id: of a machine with what runs on it, of a stack with its services; the whole fleet without it",
      ),
    from: z.string().max(100).optional().describe("Point in time to count from; the ledger's beginning without it"),
    to: z.string().max(100).optional().describe("Point in time to count to; `at` (now) without it"),
    buckets: z.coerce
      .number(aNumber)
      .int(aNumber)
      .min(1, aNumber)
      .max(2_000, aNumber)
      .default(24)
      .describe("How many parts of equal length to count by"),
  }),
  output: z.object({
    from: pointShape,
    to: pointShape,
    buckets: z.array(
      z.object({
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        info: z.int(),
        notice: z.int(),
        warning: z.int(),
        critical: z.int(),
        incomplete: z.boolean().describe("Whether a source could not look at all there is in that time"),
      }),
    ),
  }),
  route: { method: "GET", path: "/api/v1/density" },
  command: {
    name: "density",
    positional: ["[entity]"],
    examples: ["density", "density --from -7d --buckets 7", "density web-1 --from -1d --to now --output json"],
  },
  async run(call, input) {
    const { fleet, point } = call
    const from = noLater("from", await beginning(call, input.from), call)
    const to = input.to === undefined ? point : noLater("to", await resolvePoint(fleet, input.to), call)
    mustBeInOrder({ from, to })
    const record = input.entity === undefined ? undefined : await findEntity(fleet.views, input.entity, point.position)
    const records = record && (await recordsBehind(fleet.views, record, point.position, false))
    const buckets = await densityOf(fleet.views, point, {
      from: from.time,
      to: to.time,
      buckets: input.buckets,
      ...(records && { recordNos: records.map(({ no }) => no) }),
    })
    return { from, to, buckets }
  },
})

/** Just before the first event, unless another point is asked for. */
async function beginning({ fleet, point }: QueryCall, from: string | undefined): Promise<Point> {
  if (from !== undefined) return resolveBeginning(fleet, from)
  if (point.position === origin) return point
  return justBefore(fleet.ledger)
}
