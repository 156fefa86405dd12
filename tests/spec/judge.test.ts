/** The judgement at a point: number by number, that no trouble helps, that the reasons say where the score went, and that it is never above what lists tell. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import { defaultPolicy } from "#events/policy.js"
import { type Instant } from "#kernel/clock.js"
import { type Judged, judgeService, judgeStack, judgeTarget } from "#projections/health/judge.js"
import { type Health, healthOf } from "#projections/health/score.js"

const time = "2026-11-20T00:00:00.000Z" as Instant
const hoursAgo = (hours: number) => new Date(Date.parse(time) - hours * 3_600_000).toISOString() as Instant
const seenAt = (lastSeen: Instant | null) => ({ clock: { time, lastSeen } })
const well: Judged = { policy: defaultPolicy.health, ...seenAt(time), checks: [] }
const cpu = { resources: { cpu: "healthy" } } as const
const certificate = (notAfter: string) => ({ certificates: { "cert:443": { notAfter } } })
const trivy = (critical: number) => ({ security: { vulnerabilities: { trivy: { critical } } } })
const pending = { updates: { pending: { "pkg:openssl": { version: "3", security: true } } } }
const failing = [{ name: "site", status: "failing" }] as const

describe("a machine", () => {
  const table: [string, Partial<TargetDocument>, Partial<Judged>, number | null, string[]][] = [
    ["is well", cpu, {}, 1, []],
    ["is not known", {}, {}, null, []],
    ["is not known, and was never seen", {}, seenAt(null), null, ["stale"]],
    ["was never seen", cpu, seenAt(null), 0.5, ["stale"]],
    ["was not seen for 12 hours", cpu, seenAt(hoursAgo(12)), 1, []],
    ["was not seen for 13 hours", cpu, seenAt(hoursAgo(13)), 0.8, ["stale"]],
    ["was not seen for 25 hours", cpu, seenAt(hoursAgo(25)), 0.5, ["stale"]],
    ["was not seen for 25 hours, but for the clock", cpu, { clock: null }, 1, []],
    ["has a check that fails", {}, { checks: failing }, 0.8, ["checks"]],
    ["has a check that passes, and nothing else", {}, { checks: [{ name: "a", status: "passing" }] }, 1, []],
    ["has a certificate for long", { ...cpu, ...certificate("2027-11-20T00:00:00Z") }, {}, 1, []],
    ["has one that ends in 10 days", certificate("2026-11-30T00:00:00Z"), {}, 0.9, ["certificate"]],
    ["has one that has ended", certificate("2026-11-19T00:00:00Z"), {}, 0.7, ["certificate"]],
    ["shows another host key", { access: { offeredHostKey: "SHA256:x" } }, {}, 0.7, ["host-key"]],
    ["is vulnerable", trivy(2), {}, 0.6, ["security"]],
    ["is vulnerable and could be mended", { ...trivy(2), ...pending }, {}, 0.6, ["security", "security"]],
    ["is switched off", { guest: { power: "stopped" } }, {}, 0.5, ["stopped"]],
    ["is a template", { guest: { power: "stopped", template: true } }, {}, null, []],
  ]
  it.each(table)("that %s", (_, document, judged, score, factors) => {
    const health = judgeTarget(document, [], { ...well, ...judged })
    expect(health.score).toBe(score)
    expect(health.reasons.map(({ factor }) => factor)).toStrictEqual(factors)
  })

  it("is judged by what the policy says", () => {
    const { health } = defaultPolicy
    const policy = { ...health, staleMs: 3_600_000, weights: { ...health.weights, stale: 0.35 } }
    const { score, reasons } = judgeTarget(cpu, [], { ...well, ...seenAt(hoursAgo(2)), policy })
    expect([score, reasons[0]?.fact]).toStrictEqual([0.65, "it was not seen for over 1 hour"])
  })
})

describe("a service", () => {
  const table: [string, Partial<ServiceDocument>, Partial<Judged>, number | null][] = [
    ["runs", { state: { status: "running" } }, {}, 1],
    ["is not known", { state: { status: "unknown" } }, {}, null],
    ["is stopped", { state: { status: "stopped" } }, {}, 0.5],
    ["has failed", { state: { status: "failed" } }, {}, 0],
    ["keeps changing", { state: { status: "unknown" }, flapping: true }, {}, 0.6],
    ["says it is unhealthy", { state: { status: "running" }, container: { health: "unhealthy" } }, {}, 0.5],
    ["runs and answers wrongly", { state: { status: "running" } }, { checks: failing }, 0.5],
    ["ran when its machine was last seen", { state: { status: "running" } }, seenAt(hoursAgo(25)), 0.5],
  ]
  it.each(table)("that %s", (_, document, judged, score) => {
    expect(judgeService(document, { ...well, ...judged }).score).toBe(score)
  })
})

describe("a stack", () => {
  const health = (score: number | null): Health => ({
    score,
    reasons:
      score === null || score === 1 ? [] : [{ factor: "failed", weight: 1 - score, fact: "it has failed", path: null }],
  })
  const stack = (...scores: (number | null)[]) =>
    judgeStack(scores.map((score, index) => ({ name: `s${index}`, health: health(score) })))

  it("is as healthy as the worst of what it needs", () => {
    expect([stack().score, stack(1, 1).score, stack(1, null).score, stack(null, 0.4).score]).toStrictEqual([
      null,
      1,
      null,
      0.4,
    ])
    expect(stack(1, 0.5, 0)).toStrictEqual({
      score: 0,
      reasons: [
        {
          factor: "needs",
          weight: 1,
          fact: "it needs s2: it has failed; 1 other thing that it needs would take less",
          path: null,
        },
      ],
    })
  })
})

describe("a score of whatever is known", () => {
  const band = fc.constantFrom("healthy", "warning", "critical", "unknown")
  const document = fc.record<Partial<TargetDocument>>(
    {
      resources: fc.dictionary(fc.constantFrom("cpu", "memory", "fs:/"), band),
      certificates: fc.integer({ min: -40, max: 40 }).map((days) => certificate(hoursAgo(-24 * days)).certificates),
      access: fc.constantFrom({ offeredHostKey: null }, { offeredHostKey: "SHA256:x" }),
      security: fc.nat(2).map((critical) => trivy(critical).security),
      updates: fc.constantFrom(pending.updates, { pending: {} }),
      guest: fc.constantFrom({ power: "running" }, { power: "stopped" }),
    },
    { requiredKeys: [] },
  )
  const troubles: ((document: Partial<TargetDocument>) => Partial<TargetDocument>)[] = [
    (before) => ({ ...before, resources: { ...before.resources, cpu: "critical" } }),
    (before) => ({ ...before, ...certificate("2026-11-01T00:00:00Z") }),
    (before) => ({ ...before, access: { offeredHostKey: "SHA256:y" } }),
    (before) => ({ ...before, ...trivy(9) }),
    (before) => ({ ...before, ...pending }),
    (before) => ({ ...before, guest: { power: "stopped" } }),
  ]
  const seen = fc.option(fc.nat(48).map(hoursAgo))
  const statuses = fc.array(fc.constantFrom("running", "failed", "stopped", "unknown"), { maxLength: 3 })

  it("is from 0 to 1, is accounted for, is never above what lists tell, and falls with trouble", () => {
    fc.assert(
      fc.property(document, statuses, seen, fc.constantFrom(...troubles), (known, services, lastSeen, trouble) => {
        const judged = { ...well, ...seenAt(lastSeen) }
        const { score, reasons } = judgeTarget(known, services, judged)
        const listed = healthOf(known, services)
        expect(reasons).toEqual(expect.arrayContaining([...listed.reasons]))
        const later = judgeTarget(trouble(known), services, judged).score
        if (score === null) {
          expect(listed.score).toBeNull()
          return
        }
        const taken = reasons.reduce((sum, { weight }) => sum + weight, 0)
        expect(score).toBeCloseTo(Math.max(0, 1 - taken), 8)
        expect(score).toBeLessThanOrEqual(listed.score ?? 1)
        expect(later).toBeLessThanOrEqual(score)
        const failed = judgeTarget(known, [...services, "failed"], { ...judged, checks: failing }).score
        expect(failed).toBeLessThanOrEqual(score)
      }),
    )
  })
})
