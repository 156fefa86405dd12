/** What runs on the machines, as of a point. */
import * as z from "zod"
import { serviceStatus } from "#events/facets/service.js"
import { lifecycle } from "#events/facets/target.js"
import type { Entity } from "#projections/entities/read.js"
import type { ServiceSummary } from "#projections/entities/summary.js"
import { q } from "./asked.js"
import { type QueryCall, query } from "./define.js"
import { oneByOne, pageOf, sort } from "./pages.js"
import { targetOfPart } from "./parts.js"
import { cursor, entityReference, entityShape, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  target: entityShape,
  lifecycle,
  runtime: z.string().nullable(),
  status: serviceStatus,
  flapping: z.boolean().describe("Its state keeps changing, and so is unknown"),
  image: z.string().nullable().describe("Of its container"),
  stack: z.string().nullable(),
  ports: z.array(z.string()),
  description: z.string().nullable(),
})

export const services = query({
  name: "services",
  summary: "List the services of the fleet, or of one machine",
  scope: "read",
  ofPoint: true,
  input: z.object({
    q,
    sort,
    target: entityReference.optional().describe("Name or id of a machine"),
    retired: flag.describe("Include what is retired"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/services" },
  command: {
    name: "services",
    positional: ["[q]"],
    examples: [
      "services",
      "services --target web-1 --at yesterday",
      "services 'runtime:docker status:failed target.role:production'",
    ],
  },
  run: (call, input) => pageOf(call, "service", input, (found) => oneByOne(found, (entity) => told(call, entity))),
})

async function told(call: QueryCall, entity: Entity) {
  const { id, name, lifecycle: life, runtime, status, image, stack } = entity
  const { flapping, ports, description } = entity.summary as ServiceSummary
  const target = await targetOfPart(call, entity)
  return { id, name, target, lifecycle: life, runtime, status, flapping, image, stack, ports, description }
}
