/** Who waits in a circle. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cyclesIn } from "#reports/cycles.js"

const waiting = (edges: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(edges).map(([name, others]) => [name, new Set(others)]))

describe("circles of waiting", () => {
  it.each<[string, Record<string, string[]>, string[][]]>([
    ["none in a chain", { web: ["api"], api: ["db"], db: [] }, []],
    ["none where something is not there", { web: ["nobody"] }, []],
    ["one that waits for itself", { web: ["web"] }, [["web"]]],
    [
      "one of three, whoever else waits for it",
      { c: ["a"], a: ["b"], b: ["c"], web: ["a"], db: [] },
      [["a", "b", "c"]],
    ],
    [
      "two that are apart",
      { a: ["b"], b: ["a"], y: ["z"], z: ["y", "b"] },
      [
        ["a", "b"],
        ["y", "z"],
      ],
    ],
  ])("are found: %s", (_, edges, cycles) => {
    expect(cyclesIn(waiting(edges))).toEqual(cycles)
  })

  it("are as long as they are, without a stack that overflows", () => {
    const length = 50_000
    const name = (no: number) => String(no).padStart(6, "0")
    const ring = new Map(Array.from({ length }, (_, no) => [name(no), new Set([name((no + 1) % length)])]))
    expect(cyclesIn(ring)[0]).toHaveLength(length)
  })

  it("are circles, and without what is in them everything has an order to start in", () => {
    const names = ["a", "b", "c", "d", "e", "f"]
    const graphs = fc.record(
      Object.fromEntries(names.map((name) => [name, fc.uniqueArray(fc.constantFrom(...names, "gone"))])),
    )
    fc.assert(
      fc.property(graphs, (edges) => {
        const cycles = cyclesIn(waiting(edges))
        for (const cycle of cycles)
          for (const [index, name] of cycle.entries()) expect(edges[name]).toContain(cycle[(index + 1) % cycle.length])
        const left = new Set(names.filter((name) => !cycles.flat().includes(name)))
        for (let before = -1; before !== left.size;) {
          before = left.size
          for (const name of left) if (!edges[name]?.some((other) => left.has(other))) left.delete(name)
        }
        expect([...left]).toEqual([])
      }),
    )
  })
})
