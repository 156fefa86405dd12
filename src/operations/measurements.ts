/** What was measured of an entity over time: never in the ledger, and the coarser the older it is. */
import * as z from "zod"
import { epochMs, instant } from "#kernel/clock.js"
import type { MeasuredRange } from "#ops/measurements.js"
import { entityRef, findEntity } from "#timeline/entity.js"
import { resolveSince } from "#timeline/period.js"
import { recordsOfTarget } from "#timeline/target.js"
import { query } from "./define.js"
import { entityReference, entityShape } from "./shapes.js"

const dayMs = 86_400_000

export const measurements = query({
  name: "measurements",
  summary: "Show what was measured of a machine or service over time, as finely as it is still kept",
  scope: "read",
  input: z.object({
    entity: entityReference.describe("Name or id"),
    metric: z.string().max(1_000).optional().describe("One series, like /usage/cpuPercent; all without it"),
    since: z.string().max(100).optional().describe("From this point in time; the last day without it"),
  }),
  output: z.object({
    entity: entityShape,
    series: z.array(
      z.object({
        metric: z.string(),
        stepMs: z.int().describe("0: each look; else means over so many milliseconds"),
        items: z.array(
          z.object({
            at: z.iso.datetime(),
            value: z.number(),
            least: z.number(),
            greatest: z.number(),
            count: z.int().describe("Looks"),
          }),
        ),
      }),
    ),
  }),
  route: { method: "GET", path: "/api/v1/entities/{entity}/measurements" },
  command: {
    name: "measurements",
    positional: ["entity"],
    examples: ["measurements web-1", "measurements web-1 --metric /usage/cpuPercent --since -30d --output json"],
  },
  async run(call, input) {
    const { fleet, point } = call
    const { views, ops } = fleet
    const record = await findEntity(views, input.entity, point.position)
    const records = record.kind === "target" ? await recordsOfTarget(views, record.id, point.position) : [record]
    const since =
      input.since === undefined
        ? instant(Math.max(0, epochMs(point.time) - dayMs))
        : (await resolveSince(fleet, call, input.since)).time
    const series = new Map<string, MeasuredRange>()
    for (const { id } of records.toReversed()) {
      for (const metric of await ops.measurements.metricsOf(id)) {
        if (input.metric !== undefined && metric !== input.metric) continue
        series.set(metric, await ops.measurements.range(id, metric, since, point.time))
      }
    }
    return {
      entity: await entityRef(views, record, point.position),
      series: [...series].map(([metric, range]) => ({ metric, ...range })),
    }
  },
})
