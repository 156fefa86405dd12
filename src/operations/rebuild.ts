/** Views are disposable: make them again from the ledger. */
import * as z from "zod"
import { job } from "./define.js"

export const rebuild = job({
  name: "rebuild",
  summary: "Build all views anew from the ledger and compare them with the present ones",
  scope: "admin",
  accounted: { as: "administration" },
  input: z.object({}),
  output: z.object({
    events: z.int(),
    seconds: z.number(),
    equal: z.boolean().describe("Whether the present views held exactly the same rows"),
  }),
  route: { method: "POST", path: "/api/v1/rebuild" },
  command: { name: "rebuild", positional: [], examples: ["rebuild"] },
  run: ({ fleet, signal, progress }) => fleet.rebuild((done, total) => progress(done, total, "events"), signal),
})
