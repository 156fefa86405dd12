/** When a machine was last seen, whatever became of it and of its source since. */
import type { Observation } from "#discovery/observation.js"
import type { Fleet } from "#fleet.js"
import { recordId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { lastSeen } from "#operations/seen.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { minute, workbench } from "#tests/support/discovery-bench.js"
import { describe, expect, it } from "vitest"

const machine = (nativeKey: string): Observation => ({
  kind: "target",
  nativeKey,
  facets: { identity: { name: nativeKey } },
})
const nginx: Observation = {
  kind: "service",
  nativeKey: "nginx",
  on: "a",
  facets: { identity: { name: "nginx" }, state: { status: "running" } },
}

async function bench() {
  const made = await workbench()
  const { ledger, views, ops, clock, ports } = made
  return {
    ...made,
    seen: async (kind: "target" | "service", nativeKey: string) => {
      const { position } = await ledger.head()
      await ports.reached(position)
      const record = (await views.inventory.record(recordId("here", kind, nativeKey))) as RecordRow
      const times = await lastSeen({ views, ops } as unknown as Fleet, { position, time: clock.now() })
      return times.records([record])
    },
    seenBy: async (source: string) => {
      const { position } = await ledger.head()
      await ports.reached(position)
      return (await lastSeen({ views, ops } as unknown as Fleet, { position, time: clock.now() })).source(source)
    },
  }
}

describe("a machine that is not found any more", () => {
  it("was last seen when it was found last, and so was what ran on it, until it returns", async () => {
    const { sees, look, clock, seen } = await bench()
    sees([machine("a"), machine("b"), nginx])
    await look()
    clock.advance(60 * minute)
    await look()
    const found = clock.now()
    sees([machine("b")])
    for (const _ of ["unseen", "unseen still", "retired", "retired still"]) {
      await look()
      expect(await seen("target", "a")).toBe(found)
      expect(await seen("service", "nginx")).toBe(found)
      expect(await seen("target", "b")).toBe(clock.now())
    }
    sees([machine("a"), machine("b"), nginx])
    await look()
    expect(await seen("target", "a")).toBe(clock.now())
  })
})

describe("a source", () => {
  it("has looked when its last look ended, and never where there was none", async () => {
    const { sees, look, clock, seenBy, ledger } = await bench()
    sees([machine("a")])
    await look()
    clock.advance(minute)
    await look()
    const [discovery] = await ledger.readAll({ after: origin, types: ["TargetDiscovered"], limit: 1 })
    expect(await seenBy(discovery?.metadata.source ?? "")).toBe(clock.now())
    expect(await seenBy("another")).toBeNull()
  })
})

describe("a source that fails", () => {
  it("was last seen when it did not", async () => {
    const { sees, fails, look, clock, seen } = await bench()
    sees([machine("a")])
    await look()
    const found = clock.now()
    fails(new Error("nobody answers"))
    await look()
    expect(await seen("target", "a")).toBe(found)
  })
})
