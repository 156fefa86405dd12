/** What was deployed together, as of a point. */
import * as z from "zod"
import type { StackDocument } from "#events/facets/stack.js"
import { lifecycle } from "#events/facets/target.js"
import type { NamedRecord } from "#projections/inventory/read.js"
import { targetUnder } from "#timeline/entity.js"
import { type QueryCall, query } from "./define.js"
import { pageOf } from "./pages.js"
import { cursor, entityReference, entityShape, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  target: entityShape,
  lifecycle,
  runtime: z.string().nullable(),
  workingDir: z.string().nullable(),
  files: z.array(z.string()),
})

export const stacks = query({
  name: "stacks",
  summary: "List the stacks of the fleet, or of one machine",
  scope: "read",
  input: z.object({
    target: entityReference.optional().describe("Name or id of a machine"),
    retired: flag.describe("Include what is retired"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/stacks" },
  command: { name: "stacks", positional: [], examples: ["stacks", "stacks --target nas --at yesterday"] },
  run: (call, input) => pageOf(call, "stack", input, (record) => summary(call, record)),
})

async function summary({ fleet: { views }, point: { position } }: QueryCall, record: NamedRecord) {
  const document = (await views.inventory.document(record.no, position)) as unknown as StackDocument
  return {
    id: record.id,
    name: record.name,
    target: await targetUnder(views, record, position),
    lifecycle: document.lifecycle,
    runtime: document.identity?.runtime ?? null,
    workingDir: document.config?.workingDir ?? null,
    files: Object.keys(document.config?.files ?? {}).map((key) => key.slice("file:".length)),
  }
}
