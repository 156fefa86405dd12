/** The health score: the seed's rule, number by number, and that what is not known is not called healthy. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { serviceStatus } from "#events/facets/service.js"
import { resourceStatus } from "#events/facets/target.js"
import { healthOf, healthStatus } from "#projections/health/score.js"

const pending = (security: boolean | null) => ({
  updates: { pending: { "pkg:openssl": { version: "3.0.17", security } } },
})

describe("a score", () => {
  const table: [string, Parameters<typeof healthOf>, number | null][] = [
    ["nothing is known", [{}, []], null],
    ["nothing but unknown is known", [{ resources: { cpu: "unknown" } }, ["unknown"]], null],
    ["all is well", [{ resources: { cpu: "healthy" } }, ["running", "stopped"]], 1],
    ["cpu is over 75 %", [{ resources: { cpu: "warning" } }, []], 0.9],
    ["cpu is over 90 %", [{ resources: { cpu: "critical" } }, []], 0.7],
    ["memory is over 90 %", [{ resources: { memory: "critical" } }, []], 0.7],
    [
      "the worst of the file systems counts, once",
      [{ resources: { "fs:/": "warning", "fs:/a": "critical" } }, []],
      0.7,
    ],
    ["two file systems are nearly full", [{ resources: { "fs:/": "warning", "fs:/a": "warning" } }, []], 0.9],
    ["updates for security are pending", [pending(true), []], 0.8],
    ["other updates are pending", [pending(false), []], 1],
    ["nobody knows what the updates are for", [pending(null), []], 1],
    ["services have failed", [{}, ["failed", "failed", "running"]], 0.8],
    [
      "everything is wrong",
      [{ resources: { cpu: "critical", memory: "critical", "fs:/": "critical" }, ...pending(true) }, ["failed"]],
      0,
    ],
  ]
  it.each(table)("when %s", (_, given, score) => {
    expect(healthOf(...given).score).toBe(score)
  })

  it("comes with what is wrong, for a person", () => {
    const { reasons } = healthOf(
      { resources: { cpu: "warning", "fs:/": "critical", "fs:/srv": "critical" }, ...pending(true) },
      ["failed"],
    )
    expect(reasons.map(({ fact }) => fact)).toStrictEqual([
      "cpu is warning",
      "disk is critical: /, /srv",
      "1 security update is pending",
      "1 service has failed",
    ])
  })

  it("is from 0 to 1, and no worse state of anything gives a better one", () => {
    const worse = { healthy: "warning", warning: "critical", critical: "critical", unknown: "unknown" } as const
    const resources = fc.dictionary(
      fc.constantFrom("cpu", "memory", "fs:/", "fs:/srv"),
      fc.constantFrom(...resourceStatus.options),
    )
    const services = fc.array(fc.constantFrom(...serviceStatus.options), { maxLength: 4 })
    fc.assert(
      fc.property(resources, services, (held, statuses) => {
        const { score, reasons } = healthOf({ resources: held }, statuses)
        const degraded = Object.fromEntries(Object.entries(held).map(([key, status]) => [key, worse[status]]))
        const after = healthOf({ resources: degraded }, [...statuses, "failed"]).score
        if (score === null) {
          expect(reasons).toStrictEqual([])
          return
        }
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score < 1).toBe(reasons.length > 0)
        expect(after).toBeLessThanOrEqual(score)
      }),
    )
  })

  it.each([
    [1, "healthy"],
    [0.7, "healthy"],
    [0.69, "warning"],
    [0.3, "warning"],
    [0.29, "critical"],
    [null, "unknown"],
  ])("of %s is called %s", (score, status) => {
    expect(healthStatus(score)).toBe(status)
  })
})
