/** Series of measurements as they are charted: a counter as what it grows by in a second, and numbers with their unit. */
import type { Answer } from "../../ask.js"
import type { measurements } from "../../operations.js"

type Series = Answer<NonNullable<typeof measurements.of>>["series"][number]
type Item = Pick<Series["items"][number], "at" | "value" | "least" | "greatest">

export interface Charted {
  readonly metric: string
  readonly name: string
  readonly items: readonly Item[]
  readonly write: (value: number) => string
}

const order = ["usage", "storage", "network"]

/** Without what cannot be drawn yet, and without what `cpuPercent` is made of. */
export function chartedOf(all: readonly Series[]): readonly Charted[] {
  return all
    .filter(({ metric }) => !metric.endsWith("Ticks"))
    .map(({ metric, items }) => {
      const isRate = /[rt]xBytes$/.test(metric)
      const write = isRate ? bytesASecond : metric.endsWith("Percent") ? percent : plain
      return { metric, name: nameOf(metric), items: isRate ? growthOf(items) : items, write }
    })
    .filter(({ items }) => items.length > 1)
    .toSorted((a, b) => rankOf(a.metric) - rankOf(b.metric))
}

/** Where it fell, it began anew, and nobody knows what it had grown by. */
function growthOf(items: readonly Item[]): readonly Item[] {
  return items.flatMap(({ at, value }, index) => {
    const before = items[index - 1]
    const seconds = before === undefined ? 0 : (Date.parse(at) - Date.parse(before.at)) / 1_000
    if (before === undefined || seconds <= 0 || value < before.value) return []
    const rate = (value - before.value) / seconds
    return [{ at, value: rate, least: rate, greatest: rate }]
  })
}

/** What is not said to come first comes last. */
function rankOf(metric: string): number {
  const index = order.indexOf(metric.split("/")[1] ?? "")
  return index === -1 ? order.length : index
}

function nameOf(metric: string): string {
  return metric
    .replace(/^\//, "")
    .replace(/([rt]x)Bytes$/, "$1")
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(" › ")
}

function plain(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100)
}

function percent(value: number): string {
  return `${plain(value)} %`
}

const units = ["B", "kB", "MB", "GB", "TB"]

function bytesASecond(value: number): string {
  const power = value < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  return `${plain(Math.round((value / 1_000 ** power) * 10) / 10)} ${units[power]}/s`
}
