/** How many vulnerabilities a scanner lists, by how bad they are: one for each package that it finds one in, as it counts them itself. */
import type { Instant } from "#kernel/clock.js"

const severities = ["critical", "high", "medium", "low", "unknown"] as const
export type Severity = (typeof severities)[number]
export type Counts = Readonly<Record<Severity, number>>

/** What a report says. */
export interface Scan {
  readonly counts: Counts
  /** When it was made, if it says so. */
  readonly at?: Instant
}

/** Severities by the words of the scanner, in lower case; whatever else it says is unknown. */
export function countsOf(said: Iterable<string>, words: ReadonlyMap<string, Severity>): Counts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }
  for (const word of said) counts[words.get(word.toLowerCase()) ?? "unknown"] += 1
  return counts
}
