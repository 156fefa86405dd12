/** When there were how many changes along a period, by how much they ask for attention. */
import { type Severity, severities } from "#events/severity.js"
import { densityOf } from "#timeline/density.js"
import type { AskedOfPeriod } from "./asked.js"
import { type Section, type Tone, figures, section } from "./report.js"

const columns = 30

export const severityTones: Readonly<Record<Severity, Tone>> = {
  info: "unknown",
  notice: "plain",
  warning: "warning",
  critical: "critical",
}

export async function changesOver({ line, begin, point }: AskedOfPeriod): Promise<Section> {
  const buckets = await densityOf(line.views, point, { from: begin.time, to: point.time, buckets: columns })
  const all = severities.map((severity) => [severity, buckets.reduce((sum, bucket) => sum + bucket[severity], 0)])
  const incomplete = buckets.filter((bucket) => bucket.incomplete).length
  const text =
    incomplete === 0
      ? null
      : `In ${incomplete} of ${buckets.length} parts of it a source could not look at all there is.`
  return section("Changes over the period", {
    text,
    figures: figures(Object.fromEntries(all) as Record<Severity, number>),
    chart: {
      is: "columns",
      columns: buckets.map((bucket) => ({
        from: bucket.from,
        parts: severities.map((label) => ({ label, value: bucket[label], tone: severityTones[label] })),
      })),
    },
  })
}
