/** Completing a query while it is written, with the names and the values that the fleet has. */
import * as z from "zod"
import type { Condition } from "#projections/entities/condition.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import { complete as completionOf } from "#query/complete.js"
import type { Field } from "#query/fields.js"
import { longest } from "#query/parse.js"
import { type QueryCall, query } from "./define.js"

export const complete = query({
  name: "complete",
  summary: "Complete a query: names of fields, and the values that they have",
  scope: "read",
  input: z.object({
    q: z.string().max(longest).describe("The query as far as it is written"),
    cursor: z.coerce.number().int().min(0).optional().describe("Where in it the writer is; its end unless given"),
    kind: z
      .enum(["all", ...kinds])
      .default("all")
      .describe("What is asked for"),
  }),
  output: z.object({
    from: z.int().describe("What is completed begins at this character, counted from 0,"),
    to: z.int().describe("and ends before this one"),
    items: z.array(z.string()),
  }),
  route: { method: "GET", path: "/api/v1/complete" },
  command: {
    name: "complete",
    positional: ["q"],
    examples: ["complete ro", "complete role:", "complete 'service.status:f'"],
  },
  async run(call, { q, cursor = q.length, kind }) {
    const asked = kind === "all" ? kinds : [kind]
    const saved = (await call.fleet.ops.queries.all()).map(({ name }) => name)
    const values = (of: Kind, field: Field, prefix: string) => valuesOf(call, of, field, prefix)
    const { place, texts } = await completionOf(q, Math.min(cursor, q.length), asked, values, saved)
    return { ...place, items: texts }
  },
})

/** Those of columns and lists, and the keys of collections; what stands in single documents is not gone through. */
async function valuesOf(
  { fleet, point }: QueryCall,
  kind: Kind,
  field: Field,
  prefix: string,
): Promise<readonly string[]> {
  const { entities } = fleet.views
  const condition: Condition = field.condition({ has: "value" })
  return entities.values(kind, point.position, condition, prefix)
}
