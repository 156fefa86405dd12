/** What runs on the machines, as of a point. */
import * as z from "zod"
import { type ServiceDocument, serviceStatus } from "#events/facets/service.js"
import { lifecycle } from "#events/facets/target.js"
import { targetUnder } from "#timeline/entity.js"
import type { NamedRecord } from "#projections/inventory/read.js"
import { type QueryCall, query } from "./define.js"
import { pageOf } from "./pages.js"
import { cursor, entityReference, entityShape, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  target: entityShape,
  lifecycle,
  runtime: z.string().nullable(),
  status: serviceStatus,
  flapping: z.boolean().describe("Its state keeps changing, and so is unknown"),
  ports: z.array(z.string()),
  description: z.string().nullable(),
})

export const services = query({
  name: "services",
  summary: "List the services of the fleet, or of one machine",
  scope: "read",
  input: z.object({
    target: entityReference.optional().describe("Name or id of a machine"),
    retired: flag.describe("Include what is retired"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/services" },
  command: { name: "services", positional: [], examples: ["services", "services --target web-1 --at yesterday"] },
  run: (call, input) => pageOf(call, "service", input, (record) => summary(call, record)),
})

async function summary({ fleet: { views }, point: { position } }: QueryCall, record: NamedRecord) {
  const document = (await views.inventory.document(record.no, position)) as unknown as ServiceDocument
  return {
    id: record.id,
    name: record.name,
    target: await targetUnder(views, record, position),
    lifecycle: document.lifecycle,
    runtime: document.identity?.runtime ?? null,
    status: document.state?.status ?? "unknown",
    flapping: document.flapping ?? false,
    ports: Object.keys(document.config?.ports ?? {}),
    description: document.config?.description ?? null,
  }
}
