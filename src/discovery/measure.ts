/** What a look measured, and how full the resources of a machine are by it. */
import type * as z from "zod"
import { facetsOf } from "./facets.js"
import { unescapeKey } from "#kernel/patch.js"
import type { Observation } from "./observation.js"
import { gaugesOf } from "./reconcile.js"

export const cpuPercentMetric = "/usage/cpuPercent"
const busyTicks = "/usage/cpuBusyTicks"
const totalTicks = "/usage/cpuTotalTicks"
/** The metrics whose last values the next look needs. */
export const counterMetrics = [busyTicks, totalTicks] as const

/** Metric (the path of the gauge) → value. @param previous the counters at the look before */
export function measure(observation: Observation, previous: ReadonlyMap<string, number>): Map<string, number> {
  const values = new Map<string, number>()
  for (const [facet, schema] of Object.entries<z.ZodType>(facetsOf[observation.kind])) {
    const observed = observation.facets[facet]
    if (observed === undefined) continue
    for (const [path, value] of gaugesOf(schema, `/${facet}`, observed)) values.set(path, value)
  }
  const cpu = cpuPercent(values, previous)
  if (cpu !== undefined) values.set(cpuPercentMetric, cpu)
  return values
}

/** The busy share since the look before; since boot when there was none or the machine has booted since. */
function cpuPercent(now: ReadonlyMap<string, number>, previous: ReadonlyMap<string, number>): number | undefined {
  const [busy, total] = [now.get(busyTicks), now.get(totalTicks)]
  if (busy === undefined || total === undefined) return undefined
  const [busyBefore = 0, totalBefore = 0] = [previous.get(busyTicks), previous.get(totalTicks)]
  const sameBoot = totalBefore <= total && busyBefore <= busy
  const elapsed = sameBoot ? total - totalBefore : total
  if (elapsed === 0) return undefined
  const share = (sameBoot ? busy - busyBefore : busy) / elapsed
  // A counter of idleness may run back a little (proc(5), iowait): then more was busy than passed.
  return Math.min(Math.round(share * 1_000) / 10, 100)
}

const filesystemUse = /^\/storage\/filesystems\/(fs:.*)\/usedPercent$/s

/** The resource that a metric measures in percent: `cpu`, `memory`, `fs:/`; undefined for other metrics. */
export function resourceOf(metric: string): string | undefined {
  if (metric === cpuPercentMetric) return "cpu"
  if (metric === "/usage/memoryPercent") return "memory"
  const filesystem = filesystemUse.exec(metric)?.[1]
  return filesystem === undefined ? undefined : unescapeKey(filesystem)
}
