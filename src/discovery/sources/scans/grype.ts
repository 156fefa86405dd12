/** Grype's report: `grype -o json`. What it was told to ignore is not counted. */
import * as z from "zod"
import { type Scan, type Severity, countsOf } from "./counts.js"
import { timeAt } from "./time.js"

const report = z.object({
  matches: z.array(z.object({ vulnerability: z.object({ severity: z.string().default("") }) })),
  descriptor: z.object({ name: z.literal("grype"), timestamp: z.string().optional() }),
})

const words = new Map<string, Severity>([
  ["critical", "critical"],
  ["high", "high"],
  ["medium", "medium"],
  ["low", "low"],
  ["negligible", "low"],
])

/** @throws Error when it is no such report */
export function grypeScan(text: string): Scan {
  const { matches, descriptor } = report.parse(JSON.parse(text))
  const said = matches.map(({ vulnerability }) => vulnerability.severity)
  return { counts: countsOf(said, words), ...timeAt(descriptor.timestamp) }
}
