/** How benchmarks speak: what was measured, the budget, pass or fail. Ratios are of medians within one run, as the machine is shared. */

export interface Row {
  readonly what: string
  readonly budget: string
  readonly measured: string
  readonly pass: boolean
}

export function print(rows: readonly Row[]): void {
  const width = (key: "what" | "budget" | "measured") => Math.max(...rows.map((row) => row[key].length))
  for (const { what, budget, measured, pass } of rows) {
    process.stdout.write(
      `${pass ? "pass" : "FAIL"}  ${what.padEnd(width("what"))}  ${measured.padEnd(width("measured"))}  budget ${budget}\n`,
    )
  }
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Seconds that `work` took. */
export async function seconds(work: () => unknown): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1_000
}

/** Seconds of CPU since then, or since the process began. */
export function cpuSince(started?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1e6
}

export const perSecond = (count: number, took: number) => `${Math.round(count / took).toLocaleString("en")}/s`
