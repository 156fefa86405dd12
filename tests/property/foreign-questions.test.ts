/** What people type, mistyped and misused: understood, or refused with the place that is wrong, in no long time. */
import { instant } from "#kernel/clock.js"
import { parseDuration } from "#kernel/duration.js"
import { parsePoint } from "#kernel/point.js"
import { complete } from "#query/complete.js"
import { parseQuery } from "#query/parse.js"
import { damaged, foreignRuns, orRefused } from "#tests/support/foreign.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const queries = [
  'role:production kernel:<6.1 (tag:web OR -tag:"old one") service.name:nginx*',
  'NOT (cpu:>=8 memory:<16G) changed:>-2h packages.version:"1.24\\"x"',
  "address:10.0.0.0/8,192.168.0.1 discovered:>2026-11-01 name:db-* DB",
]

describe("a question", () => {
  it("that is damaged is a tree, or refused at a place within it", async () => {
    for (const query of queries) expect(() => parseQuery(query)).not.toThrow()
    await fc.assert(
      fc.asyncProperty(damaged(queries), async (text) => {
        const tree = await orRefused(() => parseQuery(text))
        expect(JSON.stringify(tree ?? {})).toBeTypeOf("string")
      }),
      { numRuns: foreignRuns },
    )
  })

  it("that is being typed is completed from any place in it, or not", async () => {
    await fc.assert(
      fc.asyncProperty(damaged(queries), fc.nat(), async (text, at) => {
        const cursor = at % (text.length + 1)
        const offered = await orRefused(() =>
          complete(text, cursor, ["target", "service"], async () => ["web-1", '"', "a b"]),
        )
        const { from, to } = offered?.place ?? { from: 0, to: 0 }
        expect([0 <= from, from <= to, to <= text.length]).toStrictEqual([true, true, true])
      }),
      { numRuns: foreignRuns },
    )
  })
})

describe("a point in time", () => {
  it("that is damaged is a point, or refused", async () => {
    const now = instant(Date.UTC(2026, 10, 23, 14))
    const samples = [
      "2026-11-23T14:00:00.123+02:00",
      "yesterday 14:00",
      "-1h30m",
      "position:123",
      "snapshot:before",
      "run:7d9f",
      "now-2d",
    ]
    await fc.assert(
      fc.asyncProperty(damaged(samples), async (text) => {
        const point = await orRefused(() => parsePoint(text, now))
        expect(["now", "position", "time", "snapshot", "run", undefined]).toContain(point?.kind)
        expect([undefined, "number"]).toContain(typeof parseDuration(text) === "number" ? "number" : undefined)
      }),
      { numRuns: foreignRuns },
    )
  })
})
