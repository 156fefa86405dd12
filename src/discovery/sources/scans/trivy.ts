/** Trivy's report: `trivy fs|image|rootfs --format json`, of version 2 of its schema. */
import * as z from "zod"
import { type Scan, type Severity, countsOf } from "./counts.js"
import { timeAt } from "./time.js"

const report = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: z.string().optional(),
  Results: z
    .array(
      z.object({
        Class: z.string().optional(),
        Vulnerabilities: z.array(z.object({ Severity: z.string().default("") })).nullish(),
      }),
    )
    .nullish(),
})

const words = new Map<string, Severity>([
  ["critical", "critical"],
  ["high", "high"],
  ["medium", "medium"],
  ["low", "low"],
])

/** Those that have packages of which vulnerabilities can be known. */
const packages = new Set(["os-pkgs", "lang-pkgs"])

/** @throws Error saying why it tells nothing: it also writes a report where it found nothing that it knows, or was to look for other things */
export function trivyScan(text: string): Scan {
  const { Results, CreatedAt } = report.parse(JSON.parse(text))
  const looked = Results?.filter((result) => packages.has(result.Class ?? "")) ?? []
  if (looked.length === 0) throw new Error("it has looked at no packages")
  const found = looked.flatMap(({ Vulnerabilities }) => Vulnerabilities ?? [])
  return {
    counts: countsOf(
      found.map(({ Severity: word }) => word),
      words,
    ),
    ...timeAt(CreatedAt),
  }
}
