/** Roles and tags: given by the policy's rules as looks find machines, and by people, whose word stays. */
import { tableOf } from "#cli/tables.js"
import { defaultPolicy } from "#events/policy.js"
import type { Observation } from "#discovery/observation.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import type { Fleet } from "#fleet.js"
import { asker } from "#tests/support/asker.js"
import { workbench } from "#tests/support/discovery-bench.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { addHost, addService, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

const web: Observation = { kind: "target", nativeKey: "web", facets: { identity: { name: "web-1" } } }
const webId = recordId("here", "target", "web")
const rules = {
  ...defaultPolicy,
  roles: [{ match: { name: "web-*" }, role: "production" as const }],
  tags: [{ match: { source: "here" }, tags: ["rack-1"] }],
}

describe("a look", () => {
  it("gives what the rules say to a machine that it discovers, and nothing new the next time", async () => {
    const { sees, look, news, document } = await workbench(rules)
    sees([web])
    await look()
    expect((await news()).map(({ type }) => type)).toStrictEqual([
      "TargetDiscovered",
      "TargetRoleAssigned",
      "TargetTagged",
      "DiscoveryCompleted",
    ])
    await look()
    expect(await news()).toStrictEqual([])
    expect(await document(webId)).toMatchObject({
      assigned: { role: "production", roleBy: "rule", tags: { "tag:rack-1": { by: "rule" } } },
    })
  })

  it("follows the machine's name, and a policy that is adopted later", async () => {
    const { sees, look, news, document, ledger } = await workbench(rules)
    sees([web])
    await look()
    await news()
    sees([{ ...web, facets: { identity: { name: "db-1" } } }])
    await look()
    expect((await news()).map(({ type }) => type)).toStrictEqual([
      "TargetChanged",
      "TargetRoleAssigned",
      "DiscoveryCompleted",
    ])
    const policy = { ...rules, roles: [{ match: {}, role: "lab" as const }], tags: [] }
    const adopted = { type: "PolicyAdopted", data: { policy }, metadata, observedAt } as const
    await ledger.append(stream("policy"), 0, [adopted], "adopt another")
    await look()
    expect(await document(webId)).toMatchObject({ assigned: { role: "lab", roleBy: "rule", tags: {} } })
  })

  it("overrides nothing that somebody gave, until it is left to the rules again", async () => {
    const { sees, look, news, document, ledger } = await workbench(rules)
    sees([web])
    await look()
    const give = async (from: "production" | "lab", to: "lab" | null) => {
      const fromBy = from === "lab" ? ("hand" as const) : ("rule" as const)
      const data = { from, fromBy, to, by: "hand" as const }
      const revision = await ledger.revisionOf(`target-${webId}` as StreamName)
      const event = { type: "TargetRoleAssigned", data, metadata, observedAt } as const
      await ledger.append(`target-${webId}` as StreamName, revision, [event], "give")
    }
    await give("production", "lab")
    await news()
    await look()
    expect(await news()).toStrictEqual([])
    expect(await document(webId)).toMatchObject({ assigned: { role: "lab", roleBy: "hand" } })
    await give("lab", null)
    await look()
    expect(await document(webId)).toMatchObject({ assigned: { role: "production", roleBy: "rule" } })
  })
})

type Answer = Record<string, unknown> & { items: Record<string, unknown>[] }

async function twoHosts() {
  const fleet = await scriptedFleet(new TestClock())
  const nas = await addHost(fleet, "nas")
  const other = await addHost(fleet, "nas.lan")
  await addService(fleet, nas, "nginx")
  return { fleet, nas, other, ask: asker<Answer>(fleet) }
}

describe("somebody", () => {
  it("gives and takes roles and tags, which lists, the machine and its history show, with who and why", async () => {
    const { ask, fleet, nas } = await twoHosts()
    expect(await ask("role set", { target: "nas", role: "production", reason: "goes live" })).toMatchObject({
      target: { name: "nas" },
      role: "production",
      tags: [],
    })
    await ask("tag add", { target: "nas", tag: "rack-2" })
    expect(await ask("tag add", { target: "nas", tag: "backup" })).toMatchObject({ tags: ["backup", "rack-2"] })
    expect(await ask("tag remove", { target: "nas", tag: "rack-2" })).toMatchObject({ tags: ["backup"] })
    const listed = await ask("targets")
    expect(listed.items[0]).toMatchObject({ name: "nas", role: "production", tags: ["backup"] })
    expect(tableOf("targets", listed)).toMatch(/NAME +ROLE +TAGS.*\nnas +production +backup/)
    expect((await ask("show", { entity: "nas" }))["facets"]).toMatchObject({ assigned: { role: "production" } })
    const { items } = await ask("history", { entity: "nas", limit: 4 })
    expect(items.map(({ type, actor }) => [type, actor])).toStrictEqual([
      ["TargetUntagged", "user:ada"],
      ["TargetTagged", "user:ada"],
      ["TargetTagged", "user:ada"],
      ["TargetRoleAssigned", "user:ada"],
    ])
    const [told] = await fleet.ledger.readStream(`target-${nas}` as StreamName, { from: 1, limit: 1 })
    expect(told?.metadata).toMatchObject({ actor: "user:ada", reason: "goes live" })
    expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
  })

  it("changes nothing by saying it again, and speaks of machines and proper tags alone", async () => {
    const { ask, fleet } = await twoHosts()
    await ask("role set", { target: "nas", role: "lab" })
    await ask("tag add", { target: "nas", tag: "web" })
    await ask("tag remove", { target: "nas", tag: "db" })
    const { position } = await fleet.ledger.head()
    await ask("role set", { target: "nas", role: "lab" })
    await ask("tag add", { target: "nas", tag: "web" })
    await ask("tag remove", { target: "nas", tag: "db" })
    expect((await fleet.ledger.head()).position).toBe(position)
    await expect(ask("role set", { target: "nginx", role: "lab" })).rejects.toThrow("only machines")
    await expect(ask("tag add", { target: "nas", tag: "No Tag" })).rejects.toThrow("without spaces")
  })

  it("speaks of a machine as a whole, whichever record's rule says something else", async () => {
    const { ask, nas, other, fleet } = await twoHosts()
    await ask("role set", { target: "nas", role: "gateway" })
    await ask("tag add", { target: "nas.lan", tag: "old" })
    await ask("identity link", { record: other, target: nas })
    expect((await ask("targets")).items).toMatchObject([{ name: "nas", role: "gateway", tags: ["old"] }])
    const policy = { ...defaultPolicy, precedence: ["there"] }
    const adopted = { type: "PolicyAdopted", data: { policy }, metadata, observedAt } as const
    await fleet.ledger.append(stream("policy"), 0, [adopted], "prefer the other")
    expect(await ask("tag remove", { target: "nas", tag: "old" })).toMatchObject({ tags: [] })
    expect(await ask("tag add", { target: "nas.lan", tag: "old" })).toMatchObject({ tags: ["old"] })
  })

  it("is heard of all who say something at once", async () => {
    const fleet = await scriptedFleet(new TestClock())
    await addHost(fleet, "web-1")
    const ask = asker<{ tags: string[] }>(fleet)
    const tags = ["a", "b", "c", "d", "e"]
    await Promise.all(tags.map((tag) => ask("tag add", { target: "web-1", tag })))
    expect((await ask("role set", { target: "web-1", role: "lab" })).tags).toEqual(tags)
  })

  it("is heard though the machine's source writes at the same time", async () => {
    const { fleet } = await twoHosts()
    let refused = 0
    const append: Fleet["ledger"]["append"] = async (...given) => {
      if (refused++ === 0) throw new FleetError("RevisionConflict", "somebody else was first")
      return fleet.ledger.append(...given)
    }
    const ledger = new Proxy(fleet.ledger, {
      get: (target, name) => (name === "append" ? append : Reflect.get(target, name).bind(target)),
    })
    const ask = asker<Answer>({ ...fleet, views: fleet.views, ledger })
    expect(await ask("role set", { target: "nas", role: "lab" })).toMatchObject({ role: "lab" })
    expect(refused).toBe(2)
  })
})
