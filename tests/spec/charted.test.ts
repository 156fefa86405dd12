/** What is charted of measurements: shares as they are, counters as what they grow by in a second. */
import { expect, it } from "vitest"

/** It is of the page, whose types are not those of Node. */
const page: string = "../../src/web/pages/entity/charted.js"
const { chartedOf } = (await import(page)) as {
  readonly chartedOf: (series: readonly object[]) => readonly {
    readonly name: string
    readonly items: readonly { readonly at: string; readonly value: number }[]
    readonly write: (value: number) => string
  }[]
}

const series = (metric: string, values: readonly number[]) => ({
  metric,
  stepMs: 0,
  items: values.map((value, minute) => ({
    at: new Date(minute * 60_000).toISOString(),
    value,
    least: value,
    greatest: value,
    count: 1,
  })),
})

it("a counter is what it grows by, and where it began anew nothing is said", () => {
  const [rate] = chartedOf([series("/network/interfaces/if:eth0/rxBytes", [0, 60_000, 180_000, 6_000, 12_000])])
  expect(rate?.items.map(({ value }) => value)).toEqual([1_000, 2_000, 100])
  expect([rate?.name, rate?.write(1_234_567)]).toEqual(["network › interfaces › if:eth0 › rx", "1.2 MB/s"])
})

it("use comes first; what others are made of, and what was measured once, is left out", () => {
  const all = [
    "/engine/images",
    "/storage/filesystems/fs:~1srv/usedPercent",
    "/usage/cpuTotalTicks",
    "/usage/cpuPercent",
  ]
  const charted = chartedOf([...all.map((metric) => series(metric, [1, 2])), series("/usage/memoryPercent", [3])])
  expect(charted.map(({ name }) => name)).toEqual([
    "usage › cpuPercent",
    "storage › filesystems › fs:/srv › usedPercent",
    "engine › images",
  ])
  expect(charted[0]?.write(12.345)).toBe("12.35 %")
})
