/** Everything that is known of one entity as of a point. */
import * as z from "zod"
import { lifecycle } from "#events/facets/target.js"
import type { Fleet } from "#fleet.js"
import type { Point, Position } from "#kernel/point.js"
import { healthStatus, healthStatuses } from "#projections/health/score.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { entityRef, findEntity, targetUnder } from "#timeline/entity.js"
import { judgedAt } from "#timeline/health.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { query } from "./define.js"
import { facetNames, noFacet } from "./fields.js"
import { lastSeen } from "./seen.js"
import { entityReference, entityShape } from "./shapes.js"

/** A thousand packages are shown to those who ask for them. */
const onDemand = ["packages"]
export const show = query({
  name: "show",
  summary: "Show one machine, service or stack",
  scope: "read",
  ofPoint: true,
  input: z.object({
    entity: entityReference.describe("Name or id"),
    facets: z
      .string()
      .max(500)
      .optional()
      .describe(
        `Only these facets, separated by commas; "all" for everything. Without it all but ${onDemand.join(", ")}`,
      ),
  }),
  output: z.object({
    entity: entityShape,
    records: z
      .array(z.object({ id: z.uuid(), source: z.string(), nativeKey: z.string() }))
      .describe("Who tells of it, by precedence; a machine may have several records"),
    /** The machine that a service or a stack runs on. */
    target: entityShape.nullable(),
    lifecycle,
    lastSeen: z.iso.datetime().nullable(),
    health: z
      .object({ score: z.number().nullable(), status: z.enum(healthStatuses), reasons: z.array(z.string()) })
      .describe("As it is judged at the point; `health` tells what each reason takes and rests on"),
    facets: z.record(z.string(), z.json()),
    omitted: z.array(z.string()).describe("Facets that are known and not shown"),
    measurements: z.record(z.string(), z.object({ at: z.iso.datetime(), value: z.number() })),
  }),
  route: { method: "GET", path: "/api/v1/entities/{entity}" },
  command: {
    name: "show",
    positional: ["entity"],
    examples: ["show web-1", "show web-1 --at -2h", "show web-1 --facets os,packages --output json"],
  },
  async run({ fleet, point }, input) {
    const { views } = fleet
    const { position } = point
    const wanted = wantedFacets(input.facets)
    const record = await findEntity(views, input.entity, position)
    const records = record.kind === "target" ? await recordsOfTarget(views, record.id, position) : [record]
    const document = await documentOfTarget(views, records, position, wanted)
    const { lifecycle: life, ...facets } = document
    const omitted = []
    for (const facet of onDemand) {
      if (facets[facet] === undefined && (await isKnown(views, records, facet, position))) omitted.push(facet)
    }
    const seen = await lastSeen(fleet, point)
    const { score, reasons } = await judgedAt(views, record, point)
    return {
      entity: await entityRef(views, record, position),
      records: records.map(({ id, source, nativeKey }) => ({ id, source, nativeKey })),
      target: record.kind === "target" ? null : await targetUnder(views, record, position),
      lifecycle: life,
      lastSeen: await seen.records(records),
      health: { score, status: healthStatus(score), reasons: reasons.map(({ fact }) => fact) },
      facets,
      omitted,
      measurements: await measured(fleet, records, point),
    }
  },
})

function wantedFacets(text: string | undefined): string[] | undefined {
  if (text === "all") return undefined
  const named = text?.split(",").map((facet) => facet.trim())
  const unknown = named?.find((facet) => !facetNames.includes(facet))
  if (unknown !== undefined) throw noFacet(unknown)
  return ["lifecycle", ...(named ?? facetNames.filter((facet) => !onDemand.includes(facet)))]
}

async function isKnown(
  views: Fleet["views"],
  records: readonly RecordRow[],
  facet: string,
  at: Position,
): Promise<boolean> {
  for (const { no } of records) if ((await views.inventory.value(no, `/${facet}`, at)) !== undefined) return true
  return false
}

/** The last measurement of each series by that time, as finely as it is still known. */
async function measured({ ops }: Fleet, records: readonly RecordRow[], point: Point) {
  const values: Record<string, { at: string; value: number }> = {}
  for (const { id } of records.toReversed()) {
    for (const metric of await ops.measurements.metricsOf(id)) {
      const last = await ops.measurements.at(id, metric, point.time)
      if (last !== undefined) values[metric] = last
    }
  }
  return values
}
