/** How busy a machine is, in counters and gauges that never become events. */
import { type Facts, answer, factsOf } from "./answer.js"
import { foreignCount } from "./foreign.js"
import { memoryKiB } from "./hardware.js"
import type { Materials } from "./material.js"

export function usageFacts(materials: Materials): Facts {
  return factsOf("usage", {
    cpuBusyTicks: answer(materials.stat, (text) => ticks(text)?.busy ?? null),
    cpuTotalTicks: answer(materials.stat, (text) => ticks(text)?.total ?? null),
    memoryPercent: answer(materials.meminfo, memoryPercent),
  })
}

/** proc_stat(5): user nice system idle iowait irq softirq steal, and guest times that user and nice have already counted. */
function ticks(stat: string): { busy: number; total: number } | null {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1]
  if (line === undefined) return null
  const times = line.trim().split(/ +/).slice(0, 8).map(foreignCount)
  const [, , , idle, waiting] = times
  const total = times.reduce((sum: number, time) => sum + (time ?? 0), 0)
  if (!Number.isSafeInteger(total)) return null
  return { busy: total - (idle ?? 0) - (waiting ?? 0), total }
}

function memoryPercent(meminfo: string): number | null {
  const total = memoryKiB(meminfo, "MemTotal")
  const available = memoryKiB(meminfo, "MemAvailable")
  if (total === null || available === null || total === 0) return null
  return oneDecimal(((total - Math.min(available, total)) / total) * 100)
}

export function oneDecimal(percent: number): number {
  return Math.round(percent * 10) / 10
}
