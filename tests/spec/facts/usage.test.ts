import { describe, expect, it } from "vitest"
import { usageFacts } from "#discovery/facts/usage.js"
import { denied, machine, recorded } from "./materials.js"

describe("how busy a machine is", () => {
  it("is what its processors did other than waiting, since boot, and what its memory is used for", () => {
    const { fields, notLooked } = usageFacts(recorded)
    expect(Object.keys(fields ?? {}).sort()).toEqual(["cpuBusyTicks", "cpuTotalTicks", "memoryPercent"])
    expect(notLooked).toEqual({})
  })

  it("counts neither idle nor waiting for disks as busy, and guests once", () => {
    // Constructed: user nice system idle iowait irq softirq steal guest guest_nice.
    const stat = "cpu  100 10 20 1000 50 1 2 3 60 5\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    expect(usageFacts(machine({ stat })).fields).toMatchObject({ cpuBusyTicks: 136, cpuTotalTicks: 1_186 })
  })

  it("rounds memory to one decimal", () => {
    const meminfo = "MemTotal:        3000 kB\nMemFree:          100 kB\nMemAvailable:    1000 kB\n"
    expect(usageFacts(machine({ meminfo })).fields).toMatchObject({ memoryPercent: 66.7 })
  })

  it("is no facet at all when nothing of it may be read", () => {
    expect(usageFacts(machine({ stat: denied, meminfo: denied })).fields).toBeUndefined()
  })
})
