/** Queries under names, for all doors: what is asked for again and again is asked for as `saved:NAME`. */
import * as z from "zod"
import { kinds } from "#projections/inventory/read.js"
import { longest } from "#query/parse.js"
import { conditionsOf } from "./asked.js"
import { command, query } from "./define.js"

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, "letters, digits and . _ -, 80 at most, the first a letter or a digit")
  .describe("What to call it")

const savedQuery = z.object({ name: z.string(), q: z.string(), savedBy: z.string(), savedAt: z.iso.datetime() })

export const querySave = command({
  name: "query save",
  summary: "Save a query, to be asked for as saved:NAME",
  scope: "operate",
  input: z.object({ name, q: z.string().min(1).max(longest).describe("The query") }),
  output: savedQuery,
  route: { method: "POST", path: "/api/v1/queries" },
  command: {
    name: "query save",
    positional: ["name", "q"],
    examples: ["query save web 'role:production tag:web'", "targets 'saved:web health<0.7'"],
  },
  async run(call, input) {
    const { fleet, principal } = call
    // Understood as if it had been there: it cannot lead back to itself either.
    const point = await fleet.ledger.head()
    await conditionsOf({ ...call, point }, input.q, kinds, new Map([[input.name, input.q]]))
    return fleet.ops.queries.save(input.name, input.q, principal.name)
  },
})

export const queryList = query({
  name: "query list",
  summary: "List the queries that are saved",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ items: z.array(savedQuery), next: z.null() }),
  route: { method: "GET", path: "/api/v1/queries" },
  command: { name: "query list", positional: [], examples: ["query list"] },
  run: async ({ fleet }) => ({ items: await fleet.ops.queries.all(), next: null }),
})

export const queryDelete = command({
  name: "query delete",
  summary: "Forget a query that is saved",
  scope: "operate",
  input: z.object({ name: z.string().min(1).max(120).describe("What it is called") }),
  output: z.object({ name: z.string() }),
  route: { method: "DELETE", path: "/api/v1/queries/{name}" },
  command: { name: "query delete", positional: ["name"], examples: ["query delete web"] },
  async run({ fleet }, input) {
    await fleet.ops.queries.delete(input.name)
    return { name: input.name }
  },
})
