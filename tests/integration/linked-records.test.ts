/** Several sources' records of one machine: how they are linked by hand, and what every read makes of it, then and before. */
import type { StreamName } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { addHost, addService, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

/** Two records: `nas` with a service, and what another source calls `nas.lan`. */
async function twoRecords() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const nas = await addHost(fleet, "nas", { "pkg:nginx": { version: "1" } })
  await addService(fleet, nas, "nginx")
  const other = await addHost(fleet, "nas.lan")
  await addService(fleet, other, "smbd")
  return { clock, fleet, nas, other, ask: asker<Answer>(fleet) }
}

type Answer = Record<string, unknown> & { at: { position: number }; items: Record<string, unknown>[] }

const names = ({ items }: Answer) => items.map(({ name }) => name)

describe("two records that somebody links", () => {
  it("are one machine from then on, with the id of the older, and two before", async () => {
    const { ask, nas, other } = await twoRecords()
    expect(names(await ask("targets"))).toStrictEqual(["nas", "nas.lan"])
    const { position: before } = (await ask("status")).at
    expect(await ask("identity link", { record: "nas.lan", target: "nas" })).toMatchObject({
      target: { id: nas },
      records: [nas, other],
    })
    expect(names(await ask("targets"))).toStrictEqual(["nas"])
    expect((await ask("status"))["counts"]).toStrictEqual({ target: 1, service: 2, stack: 0 })
    expect(names(await ask("targets", { at: `position:${before}` }))).toStrictEqual(["nas", "nas.lan"])
  })

  it("are shown together, by either name or id, with what runs on them and the history of both", async () => {
    const { ask, nas, other } = await twoRecords()
    await ask("identity link", { record: other, target: nas, reason: "renamed" })
    for (const entity of ["nas", "nas.lan", nas, other]) {
      expect(await ask("show", { entity, facets: "all" })).toMatchObject({
        entity: { id: nas, name: "nas" },
        records: [{ id: nas }, { id: other }],
        facets: { packages: { "pkg:nginx": { version: "1" } } },
      })
    }
    expect(names(await ask("services", { target: "nas" }))).toStrictEqual(["nginx", "smbd"])
    const { items } = await ask("history", { entity: "nas" })
    expect(items.map(({ type }) => type)).toStrictEqual([
      "RecordsLinked",
      "ServiceDiscovered",
      "TargetDiscovered",
      "ServiceDiscovered",
      "TargetDiscovered",
    ])
    expect(items[0]).toMatchObject({ actor: "user:ada", entity: { id: nas } })
  })

  it("are two again when it is undone, with their own histories, and stay apart", async () => {
    const { ask, nas, other, fleet } = await twoRecords()
    await ask("identity link", { record: other, target: nas })
    const { position: linked } = (await ask("status")).at
    await ask("identity unlink", { record: other, reason: "a clone" })
    expect(names(await ask("targets"))).toStrictEqual(["nas", "nas.lan"])
    expect(names(await ask("services", { target: "nas" }))).toStrictEqual(["nginx"])
    expect(names(await ask("targets", { at: `position:${linked}` }))).toStrictEqual(["nas"])
    expect((await ask("show", { entity: "nas.lan" }))["facets"]).toMatchObject({ identity: { name: "nas.lan" } })
    const { position } = await fleet.ledger.head()
    expect(await fleet.views.identity.saidOf(nas, position)).toStrictEqual(new Map([[other, "separated"]]))
    const { equal } = await fleet.rebuild(() => {}, new AbortController().signal)
    expect(equal).toBe(true)
  })

  it("cannot be linked twice, nor unlinked when they are not, nor be anything but machines", async () => {
    const { ask, nas, other } = await twoRecords()
    await expect(ask("identity unlink", { record: other })).rejects.toThrow("linked to nothing")
    await ask("identity link", { record: other, target: nas })
    await expect(ask("identity link", { record: other, target: nas })).rejects.toThrow("one machine already")
    await expect(ask("identity separate", { record: other, target: nas })).rejects.toThrow("identity unlink")
    await expect(ask("identity link", { record: "nginx", target: nas })).rejects.toThrow("only machines are linked")
  })
})

describe("machines of several records", () => {
  it("that are linked bring all of theirs along", async () => {
    const { ask, nas, other, fleet } = await twoRecords()
    const third = await addHost(fleet, "backup")
    await ask("identity link", { record: third, target: other })
    expect(await ask("identity link", { record: other, target: nas })).toMatchObject({ records: [nas, other, third] })
    expect(names(await ask("targets"))).toStrictEqual(["nas"])
  })
})

describe("a doubt", () => {
  it("is up for review until the two are linked or separated", async () => {
    const { ask, nas, other, fleet } = await twoRecords()
    const doubt = { records: [other, nas] as [string, string], score: 0.5, reasons: ["the same address"] }
    const event = {
      type: "RecordsDoubted",
      data: doubt,
      metadata: { actor: "discovery" },
      observedAt: fleet.clock.now(),
    } as const
    await fleet.ledger.append("identity" as StreamName, -1, [event], "doubt")
    const { items } = await ask("identity review")
    expect(items).toMatchObject([{ reasons: ["the same name (1)"], records: [{}, {}] }])
    await ask("identity separate", { record: "nas.lan", target: "nas" })
    expect((await ask("identity review")).items).toStrictEqual([])
  })
})
