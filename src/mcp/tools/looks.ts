/** Going out to look: what the fleet is, and how it is doing. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import { checksRun } from "#operations/checks.js"
import { discover } from "#operations/discover.js"
import { entityShape, known, tool } from "../tool.js"
import { getUnhealthyTargets } from "./find.js"

interface Looks {
  readonly runs: readonly JsonObject[]
  readonly changes: number
}

const looksShape = z.array(z.looseObject({ source: z.string(), outcome: z.string() }))

export const runFleetDiscovery = tool({
  name: "run_fleet_discovery",
  title: "Look at the fleet now",
  description:
    "Looks at all sources, or one, now, and records what changed. Says of each look how it went; a look that failed concludes nothing. Takes seconds to minutes.",
  uses: [discover],
  writes: { idempotent: true, openWorld: true },
  input: z.object({ source: z.string().min(1).max(200).optional().describe("Name of a source; all without it") }),
  output: z.object({ runs: looksShape, changes: z.number() }),
  async run(ask, { source }) {
    const { runs, changes } = await ask<Looks>(discover, { source })
    return { runs: runs.map(known), changes }
  },
})

export const runComprehensiveHealthCheck = tool({
  name: "run_comprehensive_health_check",
  title: "Check everything now",
  description:
    "Looks at all sources, runs every check until its tries agree, then says which machines are unhealthy and which checks fail. Takes minutes.",
  uses: [discover, checksRun, ...getUnhealthyTargets.uses],
  writes: { idempotent: true, openWorld: true },
  input: z.object({}),
  output: getUnhealthyTargets.output.extend({
    runs: looksShape,
    checksRun: z.array(z.looseObject({ name: z.string(), about: entityShape.optional(), result: z.string() })),
    changes: z.number(),
  }),
  async run(ask) {
    const looks = await ask<Looks>(discover, {})
    const checked = await ask<Looks>(checksRun, {})
    const isWrong = ({ result }: JsonObject) => result !== "passing"
    return {
      ...(await getUnhealthyTargets.run(ask, { threshold: 0.7, limit: 20 })),
      runs: looks.runs.map(known),
      checksRun: checked.runs.toSorted((a, b) => Number(isWrong(b)) - Number(isWrong(a))).map(known),
      changes: looks.changes + checked.changes,
    }
  },
})
