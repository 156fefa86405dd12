/** Machines, services and stacks together, as of a point. */
import * as z from "zod"
import { lifecycle } from "#events/facets/target.js"
import { kinds } from "#projections/inventory/read.js"
import { conditionsOf, q } from "./asked.js"
import { query } from "./define.js"
import { oneByOne, pageOfKinds } from "./pages.js"
import { targetOfPart } from "./parts.js"
import { cursor, entityShape, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  entity: entityShape,
  target: entityShape.nullable().describe("The machine that a service or a stack is on"),
  lifecycle,
  role: z.string().nullable(),
  status: z.string().nullable(),
  health: z.number().nullable(),
  os: z.string().nullable(),
  runtime: z.string().nullable(),
  stack: z.string().nullable(),
  image: z.string().nullable(),
  tags: z.array(z.string()),
})

export const search = query({
  name: "search",
  summary: "Find machines, services and stacks",
  scope: "read",
  ofPoint: true,
  input: z.object({
    q: q.unwrap(),
    kind: z.enum(["all", ...kinds]).default("all"),
    retired: flag.describe("Include what is retired"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/search" },
  command: {
    name: "search",
    positional: ["q"],
    examples: [
      "search nginx",
      "search 'port:443 target.role:production'",
      "search '\"backup server\" OR tag:backup' --at 2026-11-01",
      "search 'certificates.notAfter<+30d'",
    ],
  },
  async run(call, input) {
    const wanted = input.kind === "all" ? kinds : [input.kind]
    const conditions = await conditionsOf(call, input.q, wanted)
    const asked = wanted.map((kind) => ({ kind, condition: conditions.get(kind) }))
    return pageOfKinds(call, asked, input, (found) =>
      oneByOne(found, async ({ id, kind, name, ...entity }) =>
        item.parse({
          ...entity,
          entity: { kind, id, name },
          target: kind === "target" ? null : await targetOfPart(call, entity),
        }),
      ),
    )
  },
})
