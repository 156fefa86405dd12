/** An operation: names that several machines have. */
import { query } from "#operations/define.js"
import * as z from "zod"

export const namesakes = query({
  name: "namesakes",
  summary: "List names that several machines have",
  scope: "read",
  // `at` is added: every read takes it, and its answer begins with the point that it was resolved to.
  input: z.object({ least: z.coerce.number().int().min(2).default(2).describe("So many have it") }),
  output: z.object({ items: z.array(z.object({ name: z.string(), machines: z.int() })), next: z.null() }),
  // Its answer depends on input and point alone: it gets an ETag.
  ofPoint: true,
  route: { method: "GET", path: "/api/v1/namesakes" },
  command: { name: "namesakes", positional: [], examples: ["namesakes", "namesakes --least 3 --at -1d"] },
  async run({ fleet, point }, { least }) {
    const { entities } = fleet.views
    const machines = await entities.numbers({ kind: "target", at: point.position })
    const counted = new Map<string, number>()
    for (const { name } of await entities.rows("target", point.position, machines))
      counted.set(name, (counted.get(name) ?? 0) + 1)
    const items = [...counted].filter(([, count]) => count >= least).map(([name, count]) => ({ name, machines: count }))
    return { items, next: null }
  },
})
