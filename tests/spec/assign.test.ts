/** What the policy's rules give to a machine, and that what somebody gave by hand stays. */
import { type FleetEvent, validate } from "#events/catalog.js"
import { type Assigned, role, targetDocument, unassigned } from "#events/facets/target.js"
import { type Match, type Policy, policy } from "#events/policy.js"
import { decideAssigned } from "#discovery/assign.js"
import type { JsonObject } from "#kernel/json.js"
import { evolve } from "#projections/inventory/evolve.js"
import { anyAssigned } from "#tests/support/random-history.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const origin = { nativeKey: "web-1.lan", source: "lab" }
const rules = (given: object): Policy => policy.parse({ bands: {}, ...given })
const machine = (more: JsonObject = {}): JsonObject => ({ lifecycle: "observed", identity: { name: "web-1" }, ...more })
const after = (known: JsonObject, by: Policy) => decideAssigned(known, origin, by).reduce(evolve, known)
const dataOf = (events: readonly FleetEvent[]) => events.map(({ data }) => data)

describe("a rule", () => {
  const labels = { groups: { "group:k8s": {} }, tags: { "tag:web": {} } }
  it.each<[Match, boolean]>([
    [{ name: "web-1" }, true],
    [{ name: "WEB-*" }, true],
    [{ name: "*" }, true],
    [{ name: "*-1" }, true],
    [{ name: "w*b*1" }, true],
    [{ name: "web" }, false],
    [{ name: "web-1*1" }, false],
    [{ name: "w*x*1" }, false],
    [{ name: "web-?" }, true],
    [{ name: "web.1" }, false],
    [{ group: "k8s" }, true],
    [{ group: "web" }, false],
    [{ tag: "web" }, true],
    [{ source: "lab" }, true],
    [{ source: "la*" }, false],
    [{ name: "web-*", group: "k8s", tag: "web", source: "lab" }, true],
    [{ name: "web-*", source: "there" }, false],
    [{}, true],
  ])("%j matches: %j", (match, matches) => {
    const events = decideAssigned(machine({ labels }), origin, rules({ roles: [{ match, role: "lab" }] }))
    expect(events).toHaveLength(matches ? 1 : 0)
  })

  it("goes by the native key of a machine without a name, and by no label of one without labels", () => {
    const named = rules({ roles: [{ match: { name: "web-1.lan" }, role: "lab" }] })
    expect(decideAssigned({ lifecycle: "observed" }, origin, named)).toHaveLength(1)
    expect(
      decideAssigned(machine({ labels: null }), origin, rules({ roles: [{ match: { group: "k8s" }, role: "lab" }] })),
    ).toStrictEqual([])
  })
})

describe("rules", () => {
  const given = rules({
    roles: [
      { match: { name: "web-*" }, role: "production" },
      { match: {}, role: "lab" },
    ],
    tags: [
      { match: { name: "web-*" }, tags: ["web", "pci"] },
      { match: { source: "lab" }, tags: ["web", "rack-1"] },
    ],
  })

  it("give the role of the first and the tags of all, and say which they are", () => {
    const events = decideAssigned(machine(), origin, given)
    for (const event of events) validate(event)
    const byRule = { by: "rule" } as const
    expect(dataOf(events)).toStrictEqual([
      { from: null, fromBy: null, to: "production", by: "rule", rule: "name=web-*", first: true },
      { tag: "web", by: "rule", rule: "name=web-*" },
      { tag: "rack-1", by: "rule", rule: "source=lab" },
      { tag: "pci", by: "rule", rule: "name=web-*" },
    ])
    expect(events.reduce(evolve, machine())["assigned"]).toStrictEqual({
      role: "production",
      roleBy: "rule",
      tags: { "tag:web": byRule, "tag:rack-1": byRule, "tag:pci": byRule },
    })
  })

  it("take back what they gave when they match no more", () => {
    const known = after(machine(), given)
    expect(after(known, rules({}))["assigned"]).toStrictEqual(unassigned)
    expect(after({ ...known, identity: { name: "db-1" } }, given)["assigned"]).toMatchObject({ role: "lab" })
  })

  it("never override what somebody gave or took away, and yield nothing when they are applied again", () => {
    const tags = fc.uniqueArray(fc.constantFrom("web", "db", "10"), { minLength: 1 })
    const anyRules = fc.record({
      roles: fc.array(
        fc.record({ match: fc.constantFrom({}, { name: "db-*" }), role: fc.constantFrom(...role.options) }),
      ),
      tags: fc.array(fc.record({ match: fc.constantFrom({}, { name: "db-*" }), tags })),
    })
    fc.assert(
      fc.property(fc.option(anyAssigned, { nil: undefined }), anyRules, (assigned, by) => {
        const known = machine(assigned && { assigned: consistent(assigned) })
        const held = consistent(assigned ?? unassigned)
        const events = decideAssigned(known, origin, rules(by))
        for (const event of events) validate(event)
        const document = targetDocument.parse(events.reduce(evolve, known))
        const now = document.assigned ?? unassigned
        expect(decideAssigned(document as unknown as JsonObject, origin, rules(by))).toStrictEqual([])
        const matching = by.roles.find(({ match }) => !("name" in match))?.role ?? null
        expect(now.role).toBe(held.roleBy === "hand" ? held.role : matching)
        const wanted = by.tags.filter(({ match }) => !("name" in match)).flatMap((rule) => rule.tags)
        const byHand = Object.entries(held.tags).filter(([, tag]) => tag?.by !== "rule")
        const byRule = wanted.map((tag) => [`tag:${tag}`, { by: "rule" }] as const)
        expect(now.tags).toStrictEqual(Object.fromEntries([...byRule, ...byHand]))
      }),
      { numRuns: 300 },
    )
  })
})

/** As events leave it: a role has somebody who gave it, and no role has nobody. */
function consistent({ role: held, roleBy, tags }: Assigned): Assigned {
  return { role: held, roleBy: held === null ? null : (roleBy ?? "rule"), tags }
}
