/** Looking now. */
import * as z from "zod"
import { job } from "./define.js"

const report = z.object({
  source: z.string(),
  runId: z.string(),
  outcome: z.enum(["completed", "failed"]),
  message: z.string().optional(),
  targets: z.int(),
  services: z.int(),
  changes: z.int().describe("Change events recorded"),
  position: z.int(),
})

export const discover = job({
  name: "discover",
  summary: "Look at all sources, or at one, and record what changed",
  scope: "operate",
  input: z.object({ source: z.string().max(64).optional().describe("Name of a source; all of them without it") }),
  output: z.object({ runs: z.array(report), changes: z.int() }),
  route: { method: "POST", path: "/api/v1/discover" },
  command: { name: "discover", positional: ["[source]"], examples: ["discover", "discover here --output json"] },
  async run({ fleet, principal, signal, progress }, input) {
    const { discovery } = fleet
    const sources = input.source === undefined ? discovery.sources : [discovery.find(input.source)]
    let done = 0
    progress(0, sources.length, "looking")
    const runs = await Promise.all(
      sources.map(async (source) => {
        const run = await discovery.look(source, { actor: principal.name, signal })
        done += 1
        progress(done, sources.length, source.name)
        return run
      }),
    )
    // Who reads after this sees what it recorded.
    for (const { position } of runs) await fleet.reached(position)
    return { runs, changes: runs.reduce((sum, { changes }) => sum + changes, 0) }
  },
})
