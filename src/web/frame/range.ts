/** Which stretch of time the strip shows: so long until now, all there is, or what was zoomed to. Kept for the next visit. */
import { signal } from "@preact/signals"

export interface Range {
  readonly name: string
  /** As `density` is asked; none is the ledger's beginning, or now. */
  readonly from?: string
  readonly to?: string
}

export const presets: readonly Range[] = [
  { name: "1h", from: "-1h" },
  { name: "24h", from: "-1d" },
  { name: "7d", from: "-7d" },
  { name: "30d", from: "-30d" },
  { name: "1y", from: "-365d" },
  { name: "All" },
]

const key = "fleet-ledger.range"
const kept = localStorage.getItem(key)

export const range = signal<Range>(presets.find(({ name }) => name === kept) ?? (presets.at(-1) as Range))

export function choose(preset: Range): void {
  localStorage.setItem(key, preset.name)
  range.value = preset
}

const leastMs = 60_000

/** Zooms about a time: what is under the pointer stays there. */
export function zoom(from: number, to: number, about: number, factor: number): void {
  const length = Math.max(leastMs, (to - from) * factor)
  const begin = about - ((about - from) / (to - from)) * length
  const end = Math.min(begin + length, Date.now())
  range.value = { name: "", from: new Date(end - length).toISOString(), to: new Date(end).toISOString() }
}

/** The stretch that the strip shows, once it is known: what else shows time shows the same. In milliseconds since 1970. */
export const stretch = signal<{ readonly from: number; readonly to: number } | undefined>(undefined)
