/** What a look measured, and how full the resources are by it: the busy share of the processors between two looks, across reboots too. */
import type { JsonObject } from "#kernel/json.js"
import { counterMetrics, cpuPercentMetric, measure, resourceOf } from "#discovery/measure.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const [busyTicks, totalTicks] = counterMetrics

function look(facets: Readonly<Record<string, JsonObject>>, previous: ReadonlyMap<string, number> = new Map()) {
  return measure({ kind: "target", nativeKey: "this-machine", facets }, previous)
}

/** The busy percentage by these counters, given those of the look before. */
function cpu(now: readonly [number, number], before?: readonly [number, number]): number | undefined {
  const previous = new Map(before && [[busyTicks, before[0]] as const, [totalTicks, before[1]] as const])
  return look({ usage: { cpuBusyTicks: now[0], cpuTotalTicks: now[1] } }, previous).get(cpuPercentMetric)
}

describe("the busy share of the processors", () => {
  it("is that since the look before", () => {
    expect(cpu([150, 1_200], [100, 1_000])).toBe(25)
    expect(cpu([100, 1_200], [100, 1_000])).toBe(0)
    expect(cpu([300, 1_200], [100, 1_000])).toBe(100)
  })

  it("is that since boot at the first look", () => {
    expect(cpu([250, 1_000])).toBe(25)
  })

  it("is that since boot after a reboot, which set the counters back", () => {
    expect(cpu([50, 100], [900, 1_000])).toBe(50)
  })

  it("is that since boot after a reboot that was longer ago than the machine ran before", () => {
    expect(cpu([100, 2_000], [900, 1_000])).toBe(5)
  })

  it("is rounded to a tenth of a percent", () => {
    expect(cpu([1, 3])).toBe(33.3)
    expect(cpu([2, 3])).toBe(66.7)
  })

  it("is not known when no time has passed, or one of the counters was not seen", () => {
    expect(cpu([100, 1_000], [100, 1_000])).toBeUndefined()
    expect(cpu([0, 0])).toBeUndefined()
    expect(look({ usage: { cpuBusyTicks: 5 } }).has(cpuPercentMetric)).toBe(false)
    expect(look({ usage: { cpuTotalTicks: 5, cpuBusyTicks: null } }).has(cpuPercentMetric)).toBe(false)
  })

  it("is all of it, not more, when idleness is counted back a little", () => {
    expect(cpu([1_100, 2_099], [100, 1_100])).toBe(100)
  })

  it("is a percentage, whatever counters two looks read", () => {
    const counters = fc.tuple(fc.nat(), fc.nat()).map(([busy, idle]): [number, number] => [busy, busy + idle])
    fc.assert(
      fc.property(counters, counters, (now, before) => {
        const percent = cpu(now, before)
        expect(percent === undefined || (percent >= 0 && percent <= 100)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("a look", () => {
  it("measures every gauge that it saw, by its path", () => {
    const values = look({
      usage: { memoryPercent: 40 },
      storage: { filesystems: { "fs:/": { type: "ext4", usedPercent: 12.5 }, "fs:/srv": { usedPercent: null } } },
      network: { interfaces: { "if:eth0": { mtu: 1500, rxBytes: 7, txBytes: 8 } } },
    })
    expect(Object.fromEntries(values)).toStrictEqual({
      "/usage/memoryPercent": 40,
      "/storage/filesystems/fs:~1/usedPercent": 12.5,
      "/network/interfaces/if:eth0/rxBytes": 7,
      "/network/interfaces/if:eth0/txBytes": 8,
    })
  })

  it("that saw no gauge measures nothing", () => {
    expect(look({}).size).toBe(0)
    expect(look({ os: { kernel: "6.1" }, storage: { filesystems: null } }).size).toBe(0)
  })
})

describe("a metric", () => {
  it.each([
    [cpuPercentMetric, "cpu"],
    ["/usage/memoryPercent", "memory"],
    ["/storage/filesystems/fs:~1/usedPercent", "fs:/"],
    ["/storage/filesystems/fs:~1mnt~1a~0b/usedPercent", "fs:/mnt/a~b"],
    ["/storage/filesystems/fs:a\nb/usedPercent", "fs:a\nb"],
    [busyTicks, undefined],
    ["/network/interfaces/if:eth0/rxBytes", undefined],
    ["/storage/filesystems/fs:~1/sizeMiB", undefined],
  ])("%j is of the resource %j", (metric, resource) => {
    expect(resourceOf(metric)).toBe(resource)
  })
})
