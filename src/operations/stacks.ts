/** What was deployed together, as of a point. */
import * as z from "zod"
import { lifecycle } from "#events/facets/target.js"
import type { Entity } from "#projections/entities/read.js"
import type { StackSummary } from "#projections/entities/summary.js"
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
  workingDir: z.string().nullable(),
  files: z.array(z.string()),
})

export const stacks = query({
  name: "stacks",
  summary: "List the stacks of the fleet, or of one machine",
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
  route: { method: "GET", path: "/api/v1/stacks" },
  command: {
    name: "stacks",
    positional: ["[q]"],
    examples: ["stacks", "stacks --target nas --at yesterday", "stacks 'service.status:failed'"],
  },
  run: (call, input) => pageOf(call, "stack", input, (found) => oneByOne(found, (entity) => told(call, entity))),
})

async function told(call: QueryCall, entity: Entity) {
  const { id, name, lifecycle: life, runtime } = entity
  const { workingDir, files } = entity.summary as StackSummary
  return { id, name, target: await targetOfPart(call, entity), lifecycle: life, runtime, workingDir, files }
}
