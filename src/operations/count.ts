/** How many there are of what, as of a point. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { type Countable, countable } from "#projections/entities/counts.js"
import { kinds } from "#projections/inventory/read.js"
import { conditionsOf, q } from "./asked.js"
import { query } from "./define.js"
import { flag } from "./shapes.js"

/** Most values of one field in an answer. */
const mostValues = 100

export const count = query({
  name: "count",
  summary: "Count machines, services or stacks by role, status, health, source and more",
  scope: "read",
  ofPoint: true,
  input: z.object({
    q,
    kind: z.enum(kinds).default("target"),
    by: z
      .string()
      .max(200)
      .default("role,status,health,source")
      .describe(`What to count by, separated by commas: ${countable.join(", ")}`),
    retired: flag.describe("Include what is retired"),
  }),
  output: z.object({
    total: z.int(),
    counts: z.record(
      z.enum(countable),
      z.array(z.object({ value: z.string().nullable().describe("Null: it has none"), count: z.int() })),
    ),
  }),
  route: { method: "GET", path: "/api/v1/count" },
  command: {
    name: "count",
    positional: ["[q]"],
    examples: ["count", "count --kind service --by status,runtime", "count role:production --by os --at -30d"],
  },
  async run(call, { q: text, kind, by, retired }) {
    const { entities } = call.fleet.views
    const condition = (await conditionsOf(call, text, [kind])).get(kind)
    const among = { kind, at: call.point.position, condition, includeRetired: retired }
    return entities.counts(among, fieldsIn(by), mostValues)
  },
})

function fieldsIn(text: string): Countable[] {
  return text.split(",").map((part) => {
    const name = part.trim()
    const found = countable.find((one) => one === name)
    if (found !== undefined) return found
    const near = nearest(name, countable)
    const hint = near === undefined ? `there are ${countable.join(", ")}` : `did you mean "${near}"?`
    throw new FleetError("InvalidInput", `nothing is counted by "${name.slice(0, 80)}"; ${hint}`)
  })
}
