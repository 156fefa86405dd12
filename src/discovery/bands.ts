/**
 * From measurements to the state of a resource: the seed's bands (over 75 % warning, over 90 % critical), made calm. A band is left downwards only
 * some percent below its edge, and a new one counts only when a number of looks in a row, over some time, agree.
 */
import type { ResourceStatus } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import { epochMs } from "#kernel/clock.js"
import type { Measurement } from "#ops/measurements.js"

type Bands = Policy["bands"]

/** @param recent newest first, the one just taken included */
export function nextStatus(
  current: ResourceStatus | undefined,
  recent: readonly Measurement[],
  bands: Bands,
): ResourceStatus {
  const [newest] = recent
  if (newest === undefined) return current ?? "unknown"
  const wanted = bandOf(newest.value, current, bands)
  if (current === undefined || current === "unknown" || wanted === current) return wanted
  const other = recent.findIndex(({ value }) => bandOf(value, current, bands) !== wanted)
  const agreeing = other === -1 ? recent : recent.slice(0, other)
  const since = agreeing.at(-1) ?? newest
  const sustained =
    agreeing.length >= bands.sustainedLooks && epochMs(newest.at) - epochMs(since.at) >= bands.sustainedMs
  return sustained ? wanted : current
}

/** Whether a value says what is known: then no other one needs to be asked. */
export function staysIn(current: ResourceStatus | undefined, percent: number, bands: Bands): boolean {
  return current !== undefined && bandOf(percent, current, bands) === current
}

function bandOf(percent: number, current: ResourceStatus | undefined, bands: Bands): ResourceStatus {
  const staysCritical = current === "critical" ? bands.hysteresis : 0
  const staysWarning = current === "critical" || current === "warning" ? bands.hysteresis : 0
  if (percent > bands.critical - staysCritical) return "critical"
  if (percent > bands.warning - staysWarning) return "warning"
  return "healthy"
}
