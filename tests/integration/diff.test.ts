/** What a person is told differs: between two points, of the fleet or a part of it, between two entities, in groups and in pages. */
import type { EventData, NewEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import type { Patch } from "#kernel/patch.js"
import { tableOf } from "#cli/tables.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { Views } from "#projections/views.js"
import type { Group, Item, Summary } from "#timeline/diff/diff.js"
import { difference } from "#timeline/diff/diff.js"
import { asker } from "#tests/support/asker.js"
import { itemsBetween } from "#tests/support/differences.js"
import { addHost, addService, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it, onTestFinished } from "vitest"

interface Answer {
  readonly at: { readonly position: number }
  readonly from: { readonly position: number }
  readonly to: { readonly position: number }
  readonly summary: Summary
  readonly groups: readonly Group[]
  readonly items: readonly Item[]
  readonly next: string | null
}

async function openFleet() {
  const fleet = await scriptedFleet(new TestClock())
  const ask = asker<Answer>(fleet)
  /** The last position, as a point to compare with later. */
  const now = async () => `position:${(await fleet.ledger.head()).position}`
  return { fleet, ask, now }
}

const told = ({ items }: Answer) => items.map(({ change, entity }) => `${change} ${entity.kind} ${entity.name}`)
const paths = (item: Item | undefined) => item?.changes.map(({ path }) => path)

/** A stack with a service on a machine. */
async function addStack(fleet: Fleet, target: string, name: string, service: string): Promise<string> {
  const append = async (stream: string, event: Pick<NewEvent, "type" | "data">) => {
    const metadata = { actor: "discovery", source: "shop" }
    const stamped = { ...event, metadata, observedAt: fleet.clock.now() } as NewEvent
    const { position } = await fleet.ledger.append(stream as StreamName, -1, [stamped], `test ${stream}`)
    await fleet.reached(position)
  }
  const given = (nativeKey: string) => ({ source: "shop", nativeKey, generation: 0, target })
  const stack: EventData<"StackDiscovered"> = {
    ...given(`compose:${name}`),
    document: { lifecycle: "observed", identity: { name, runtime: "compose" } },
  }
  await append(`stack-${recordId("shop", "stack", `compose:${name}`)}`, { type: "StackDiscovered", data: stack })
  const id = recordId("shop", "service", `compose:${name}:${service}`)
  const part: EventData<"ServiceDiscovered"> = {
    ...given(`compose:${name}:${service}`),
    document: {
      lifecycle: "observed",
      identity: { name: service, runtime: "docker" },
      config: { stack: name },
      state: { status: "running" },
    },
  }
  await append(`service-${id}`, { type: "ServiceDiscovered", data: part })
  return id
}

async function stop(fleet: Fleet, service: string): Promise<void> {
  const stream = `service-${service}` as StreamName
  const { position } = await fleet.ledger.append(
    stream,
    await fleet.ledger.revisionOf(stream),
    [
      {
        type: "ServiceStateChanged",
        data: { from: "running", to: "stopped" },
        metadata: { actor: "discovery", source: "here" },
        observedAt: fleet.clock.now(),
      },
    ],
    `stop ${service}`,
  )
  await fleet.reached(position)
}

async function retire(
  fleet: Fleet,
  stream: string,
  type: "TargetRetired" | "ServiceRetired",
  actor: string,
): Promise<void> {
  const name = stream as StreamName
  const event = { type, data: { from: "observed" }, metadata: { actor }, observedAt: fleet.clock.now() } as const
  const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], `retire ${stream}`)
  await fleet.reached(position)
}

describe("linking two records", () => {
  async function linked() {
    const { fleet, ask, now } = await openFleet()
    const nas = await addHost(fleet, "nas")
    const other = await addHost(fleet, "nas.lan", { "pkg:nginx": { version: "1" } })
    const before = await now()
    await ask("identity link", { record: other, target: nas })
    return { fleet, ask, nas, other, before, after: await now() }
  }

  it("modifies the machine that both are of: nothing is created or removed", async () => {
    const { ask, before, nas, other } = await linked()
    const answer = await ask("diff", { from: before })
    expect(answer.summary).toStrictEqual({ created: 0, modified: 1, removed: 0 })
    const [item] = answer.items
    expect(item).toMatchObject({
      entity: { id: nas, name: "nas" },
      change: "modified",
      records: [{ id: other, source: "here", nativeKey: "nas.lan", change: "linked", target: { name: "nas.lan" } }],
    })
    expect(item?.changes).toStrictEqual([])
  })

  it("and taking them apart modifies what stays, and what comes out, against what they were together", async () => {
    const { ask, other, nas, after } = await linked()
    await ask("identity unlink", { record: other })
    const answer = await ask("diff", { from: after })
    expect(answer.summary).toStrictEqual({ created: 0, modified: 2, removed: 0 })
    const [stays, comesOut] = answer.items
    expect(stays).toMatchObject({ entity: { id: nas }, records: [{ id: other, change: "unlinked" }] })
    expect(comesOut).toMatchObject({ entity: { id: other, name: "nas.lan" }, was: { id: nas, name: "nas" } })
    expect(paths(comesOut)).toStrictEqual(["/identity/hostname", "/identity/name", "/packages/pkg:nginx"])
  })

  it("names what they were of, if they were there; the other way round it is undone", async () => {
    const { fleet, ask, now } = await openFleet()
    const nas = await addHost(fleet, "nas")
    const before = await now()
    const other = await addHost(fleet, "nas.lan", {}, "there")
    await ask("identity link", { record: other, target: nas })
    const moved = { id: other, source: "there", nativeKey: "nas.lan", target: null }
    const there = await ask("diff", { from: before })
    expect([told(there), there.groups]).toStrictEqual([["modified target nas"], []])
    expect(there.items[0]?.records).toStrictEqual([{ ...moved, change: "linked" }])
    const back = await ask("diff", { from: "now", to: before })
    expect(told(back)).toStrictEqual(["modified target nas"])
    expect(back.items[0]?.records).toStrictEqual([{ ...moved, change: "unlinked" }])
  })

  it("is no news of records where they are taken apart, to the one that comes out", async () => {
    const { ask, other, after } = await linked()
    await ask("identity unlink", { record: other })
    const { items } = await ask("diff", { from: after })
    expect(items.map((item) => [item.entity.name, "records" in item])).toStrictEqual([
      ["nas", true],
      ["nas.lan", false],
    ])
  })

  it("tells a change of one of them as a change of the machine", async () => {
    const { fleet, ask, nas, after } = await linked()
    await changeKernel(fleet, nas, "6.1.0", "6.1.1")
    const answer = await ask("diff", { from: after })
    expect(told(answer)).toStrictEqual(["modified target nas"])
    expect(paths(answer.items[0])).toStrictEqual(["/os/kernel"])
  })
})

describe("what one source says where another has looked too", () => {
  /** The one that was found first goes before; both looked at packages, the first alone at the kernel. */
  async function twoAccounts() {
    const { fleet, ask, now } = await openFleet()
    const nas = await addHost(fleet, "nas", { "pkg:vim": { version: "1" } })
    const other = await addHost(fleet, "nas", { "pkg:nginx": { version: "1" } }, "there")
    await ask("identity link", { record: other, target: nas })
    const changesBy = async (record: string, facet: "os" | "packages" | "identity", patch: Patch) => {
      const from = await now()
      const name = `target-${record}` as StreamName
      const event: NewEvent = {
        type: "TargetChanged",
        data: { facet, patch: [...patch] },
        metadata: { actor: "discovery", source: record === nas ? "here" : "there" },
        observedAt: fleet.clock.now(),
      }
      await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], `change ${from}`)
      await fleet.reached((await fleet.ledger.head()).position)
      return (await ask("diff", { from })).items
    }
    const change = async (facet: "os" | "packages" | "identity", ...patch: Patch) =>
      (await changesBy(other, facet, patch)).map((item) => [item.entity.id === nas, paths(item)])
    return { nas, other, change, changesBy }
  }

  it("is no change of the machine: of a field or of a collection that the first looked at", async () => {
    const { change } = await twoAccounts()
    expect(
      await change(
        "os",
        { op: "test", path: "/os/kernel", value: "6.1.0" },
        { op: "replace", path: "/os/kernel", value: "6.9.9" },
      ),
    ).toStrictEqual([])
    expect(await change("packages", { op: "add", path: "/packages/pkg:git", value: { version: "2" } })).toStrictEqual(
      [],
    )
  })

  it("is one of a field that the first did not look at, in a facet that it did", async () => {
    const { change } = await twoAccounts()
    expect(await change("os", { op: "add", path: "/os/name", value: "Debian" })).toStrictEqual([[true, ["/os/name"]]])
    const before = { op: "test", path: "/os/name", value: "Debian" } as const
    expect(await change("os", before, { op: "replace", path: "/os/name", value: "Devuan" })).toStrictEqual([
      [true, ["/os/name"]],
    ])
  })

  it("is what it was before the first came to say it, and is again once that does not", async () => {
    const { nas, other, changesBy } = await twoAccounts()
    const path = "/os/name"
    const say = async (record: string, value: string | null, before?: string) => {
      const was: Patch = before === undefined ? [] : [{ op: "test", path, value: before }]
      const op = before === undefined ? "add" : "replace"
      const items = await changesBy(record, "os", [...was, { op, path, value }])
      return items.flatMap(({ changes }) => changes)
    }
    await say(other, "Debian")
    expect(await say(nas, "Debian")).toStrictEqual([])
    expect(await say(nas, "Devuan", "Debian")).toStrictEqual([{ path, before: "Debian", after: "Devuan" }])
    const gone: Patch = [
      { op: "test", path, value: "Devuan" },
      { op: "remove", path },
    ]
    const items = await changesBy(nas, "os", gone)
    expect(items.flatMap(({ changes }) => changes)).toStrictEqual([{ path, before: "Devuan", after: "Debian" }])
  })
})

describe("a machine of two records", () => {
  it("is another once sources are trusted in another order, though neither record is", async () => {
    const { fleet, ask, now } = await openFleet()
    const nas = await addHost(fleet, "nas")
    const other = await addHost(fleet, "nas.lan", {}, "there")
    await ask("identity link", { record: other, target: nas })
    const before = await now()
    const policy = { ...defaultPolicy, precedence: ["there"] }
    const adopted = { type: "PolicyAdopted", data: { policy }, metadata: { actor: "system" } } as const
    const name = "policy" as StreamName
    const event: NewEvent = { ...adopted, observedAt: fleet.clock.now() }
    const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], "trust")
    await fleet.reached(position)
    const { items } = await ask("diff", { from: before })
    expect(items.map((item) => [item.entity.id === nas, paths(item)])).toStrictEqual([
      [true, ["/identity/hostname", "/identity/name"]],
    ])
  })

  it("is selected where one of them is", async () => {
    const { fleet, ask } = await openFleet()
    const nas = await addHost(fleet, "nas")
    const other = await addHost(fleet, "nas.lan", {}, "there")
    await ask("identity link", { record: other, target: nas })
    const { position: from } = await fleet.ledger.head()
    await changeKernel(fleet, nas, "6.1.0", "6.1.1")
    const { position: to } = await fleet.ledger.head()
    const one = (await fleet.views.inventory.record(nas))?.no
    for (const side of [from, to]) {
      const selection = async (at: number, nos: readonly number[]) =>
        new Set(nos.filter((no) => at === side && no === one))
      const { summary } = await difference(fleet.views, fleet.ledger, { from, to, selection })
      expect(summary).toStrictEqual({ created: 0, modified: 1, removed: 0 })
    }
  })
})

describe("a part of the fleet", () => {
  async function twoMachines() {
    const { fleet, ask, now } = await openFleet()
    const [web, db] = [await addHost(fleet, "web-1"), await addHost(fleet, "db-1")]
    const [nginx, postgres] = [await addService(fleet, web, "nginx"), await addService(fleet, db, "postgres")]
    const shop = await addStack(fleet, web, "shop", "cart")
    const before = await now()
    await changeKernel(fleet, web, "6.1.0", "6.1.1")
    await changeKernel(fleet, db, "6.1.0", "6.1.1")
    for (const service of [nginx, postgres, shop]) await stop(fleet, service)
    await addService(fleet, web, "memcached")
    return { fleet, ask, before, now }
  }

  it("is a machine with what runs on it", async () => {
    const { ask, before } = await twoMachines()
    expect(told(await ask("diff", { from: before, entity: "web-1" }))).toStrictEqual([
      "modified target web-1",
      "modified service cart",
      "created service memcached",
      "modified service nginx",
    ])
  })

  it("is a stack with its services, or one service", async () => {
    const { ask, before } = await twoMachines()
    expect(told(await ask("diff", { from: before, entity: "stack:shop" }))).toStrictEqual(["modified service cart"])
    expect(told(await ask("diff", { from: before, entity: "postgres" }))).toStrictEqual(["modified service postgres"])
  })

  it("is a machine of several records with what runs on any of them, from either side", async () => {
    const { fleet, ask, now } = await openFleet()
    const [nas, lan] = [await addHost(fleet, "nas"), await addHost(fleet, "nas.lan", {}, "there")]
    const web = await addHost(fleet, "web-1")
    const services = [await addService(fleet, nas, "nginx"), await addService(fleet, lan, "smbd", "there")]
    services.push(await addService(fleet, web, "cron"))
    await ask("identity link", { record: lan, target: nas })
    const before = await now()
    for (const service of services) await stop(fleet, service)
    await addService(fleet, lan, "cron", "there")
    const after = ["created service cron", "modified service nginx", "modified service smbd"]
    expect(told(await ask("diff", { from: before, entity: "nas" }))).toStrictEqual(after)
    const back = await ask("diff", { from: "now", to: before, entity: "nas" })
    expect(told(back)).toStrictEqual(["removed service cron", ...after.slice(1)])
    const pair = await ask("diff", { from: "now", entity: "web-1", against: "nas" })
    expect(told(pair).slice(1)).toStrictEqual([
      "modified service cron",
      "created service nginx",
      "created service smbd",
    ])
  })

  it("is one field of it, by dots or slashes, whoever wrote it: counted, patched and paged alike", async () => {
    const { ask, before } = await twoMachines()
    const answer = await ask("diff", { from: before, field: "os.kernel", limit: 1 })
    expect(answer.summary).toStrictEqual({ created: 0, modified: 2, removed: 0 })
    expect(told(answer)).toStrictEqual(["modified target db-1"])
    expect(answer.items[0]?.patch).toStrictEqual([
      { op: "test", path: "/os/kernel", value: "6.1.0" },
      { op: "replace", path: "/os/kernel", value: "6.1.1" },
    ])
    const rest = await ask("diff", { from: before, field: "os.kernel", cursor: answer.next })
    expect(told(rest)).toStrictEqual(["modified target web-1"])
    const states = await ask("diff", { from: before, field: "/state", entity: "web-1", by: "source" })
    expect(states.groups).toStrictEqual([{ group: "here", created: 0, modified: 2, removed: 0 }])
    expect((await ask("diff", { from: before, field: "packages" })).items).toStrictEqual([])
    await expect(ask("diff", { from: before, field: "pakages" })).rejects.toThrow(/did you mean "packages"/)
  })

  it("is found where it was there at one of the points alone", async () => {
    const { ask, before, now } = await twoMachines()
    expect(told(await ask("diff", { from: before, entity: "memcached" }))).toStrictEqual(["created service memcached"])
    expect(told(await ask("diff", { from: await now(), to: before, entity: "memcached" }))).toStrictEqual([
      "removed service memcached",
    ])
    await expect(ask("diff", { from: before, entity: "nobody" })).rejects.toThrow(/nothing is called "nobody"/)
  })

  it("is added and removed whole, by a patch that leads from nothing and to it", async () => {
    const { ask, before, now } = await twoMachines()
    const [[created], [removed]] = [
      (await ask("diff", { from: before, entity: "memcached" })).items,
      (await ask("diff", { from: await now(), to: before, entity: "memcached" })).items,
    ]
    const value = expect.objectContaining({ lifecycle: "observed", state: { status: "running" } })
    expect([created?.changes, created?.patch]).toStrictEqual([[], [{ op: "add", path: "", value }]])
    const inverse = [
      { op: "test", path: "", value },
      { op: "remove", path: "" },
    ]
    expect([removed?.changes, removed?.patch]).toStrictEqual([[], inverse])
    const [back] = (await ask("diff", { from: await now(), to: before, entity: "nginx" })).items
    expect(back?.changes).toStrictEqual([{ path: "/state/status", before: "stopped", after: "running" }])
  })

  it("is what is selected at either point", async () => {
    const { fleet, before } = await twoMachines()
    const from = Number(before.slice("position:".length))
    const { position: to } = await fleet.ledger.head()
    const [web, db] = [await fleet.views.inventory.named("web-1", to), await fleet.views.inventory.named("db-1", to)]
    const chosen = new Map([
      [from, web],
      [to, db],
    ])
    const found = await difference(fleet.views, fleet.ledger, {
      from: from as typeof to,
      to,
      selection: async (at, nos) => new Set(nos.filter((no) => chosen.get(at)?.some((record) => record.no === no))),
    })
    expect(found.summary).toStrictEqual({ created: 0, modified: 2, removed: 0 })
  })
})

describe("two entities", () => {
  async function twoHosts() {
    const { fleet, ask, now } = await openFleet()
    const a = await addHost(fleet, "web-1", { "pkg:nginx": { version: "1" } })
    const b = await addHost(fleet, "web-2", { "pkg:nginx": { version: "2" } })
    for (const name of ["nginx", "cron"]) await addService(fleet, a, name)
    for (const name of ["nginx", "smbd"]) await addService(fleet, b, name)
    return { fleet, ask, now, a, b }
  }

  it("are compared field by field, and what runs on them by its name", async () => {
    const { ask, a, b } = await twoHosts()
    const answer = await ask("diff", { from: "now", entity: "web-1", against: "web-2" })
    expect(answer.summary).toStrictEqual({ created: 1, modified: 1, removed: 1 })
    expect(told(answer)).toStrictEqual(["modified target web-2", "removed service cron", "created service smbd"])
    expect(answer.items[0]).toMatchObject({ entity: { id: b }, was: { id: a } })
    expect(paths(answer.items[0])).toStrictEqual([
      "/identity/hostname",
      "/identity/name",
      "/packages/pkg:nginx/version",
    ])
  })

  it("are each taken at their own point", async () => {
    const { fleet, ask, now, b } = await twoHosts()
    const before = await now()
    await changeKernel(fleet, b, "6.1.0", "6.1.1")
    const kernels = async (from: string, to: string) =>
      (await ask("diff", { from, to, entity: "web-1", against: "web-2" })).items[0]?.changes.find(
        ({ path }) => path === "/os/kernel",
      )
    expect(await kernels(before, "now")).toMatchObject({ before: "6.1.0", after: "6.1.1" })
    expect(await kernels("now", before)).toBeUndefined()
  })

  it("that are one are no other; what is called the same is compared in the order of discovery, what is retired not at all", async () => {
    const { fleet, ask, now, a } = await twoHosts()
    const before = await now()
    await changeKernel(fleet, a, "6.1.0", "6.1.1")
    const [item] = (await ask("diff", { from: before, entity: "web-1", against: "web-1" })).items
    expect(item).not.toHaveProperty("was")
    const twin = await addService(fleet, a, "cron", "there")
    await retire(fleet, `service-${await addService(fleet, a, "gone")}`, "ServiceRetired", "user:ada")
    expect(told(await ask("diff", { from: "now", entity: "web-1", against: "web-2" }))).toStrictEqual([
      "modified target web-2",
      "removed service cron",
      "removed service cron",
      "created service smbd",
    ])
    const same = await ask("diff", { from: before, entity: "web-1", against: "web-1" })
    expect(same.items.filter(({ change }) => change === "created").map(({ entity }) => entity.id)).toStrictEqual([twin])
  })

  it("are compared in one field, and in what came with it", async () => {
    const { ask } = await twoHosts()
    const of = async (field: string) =>
      (await ask("diff", { from: "now", entity: "web-1", against: "web-2", field })).items.map(paths)
    expect(await of("packages")).toStrictEqual([["/packages/pkg:nginx/version"]])
    expect(await of("packages.pkg:nginx")).toStrictEqual([["/packages/pkg:nginx/version"]])
    expect(await of("identity.hostname")).toStrictEqual([["/identity/hostname"]])
    expect(await of("os.kernel")).toStrictEqual([])
  })

  it("have to be of one kind, and have no one who changed the one into the other", async () => {
    const { ask } = await twoHosts()
    await expect(ask("diff", { from: "now", entity: "web-1", against: "smbd" })).rejects.toThrow(
      /is a target .* a service/,
    )
    await expect(ask("diff", { from: "now", against: "web-2" })).rejects.toThrow(/"against" needs "entity"/)
    await expect(ask("diff", { from: "now", entity: "web-1", against: "web-2", by: "actor" })).rejects.toThrow(
      /nobody wrote/,
    )
  })
})

describe("groups and pages", () => {
  async function changedByTwo() {
    const { fleet, ask, now } = await openFleet()
    const hosts = []
    for (const name of ["a", "b", "c"]) hosts.push(await addHost(fleet, name))
    const before = await now()
    for (const host of hosts) await changeKernel(fleet, host, "6.1.0", "6.1.1")
    await ask("role set", { target: "b", role: "lab" })
    return { fleet, ask, before, hosts }
  }

  it("tell of each actor, and each source, what it wrote last", async () => {
    const { ask, before } = await changedByTwo()
    const byActor = await ask("diff", { from: before, by: "actor" })
    expect(byActor.summary).toStrictEqual({ created: 0, modified: 3, removed: 0 })
    expect(byActor.groups).toStrictEqual([
      { group: "discovery", created: 0, modified: 3, removed: 0 },
      { group: "user:ada", created: 0, modified: 1, removed: 0 },
    ])
    expect(byActor.items.map((item) => [item.group, item.entity.name, paths(item)])).toStrictEqual([
      ["discovery", "a", ["/os/kernel"]],
      ["discovery", "b", ["/os/kernel"]],
      ["discovery", "c", ["/os/kernel"]],
      ["user:ada", "b", ["/assigned"]],
    ])
    for (const { changes, patch } of byActor.items)
      expect(new Set(patch.map(({ path }) => path))).toStrictEqual(new Set(changes.map(({ path }) => path)))
    const bySource = await ask("diff", { from: before, by: "source" })
    expect(bySource.groups.map(({ group }) => group)).toStrictEqual(["here", null])
  })

  it("tell who first found and who last retired it, from either side; of several records, too", async () => {
    const { fleet, ask, now } = await openFleet()
    const begin = await now()
    const nas = await addHost(fleet, "nas")
    const before = await now()
    const lan = await addHost(fleet, "nas.lan", {}, "there")
    await ask("identity link", { record: lan, target: nas })
    const one = await addHost(fleet, "one")
    const middle = await now()
    await retire(fleet, `target-${one}`, "TargetRetired", "user:ada")
    await retire(fleet, `target-${nas}`, "TargetRetired", "user:bob")
    await retire(fleet, `target-${lan}`, "TargetRetired", "user:eve")
    const groups = async (from: string, to: string) =>
      (await ask("diff", { from, to, by: "actor" })).items.map(
        ({ group, change, entity }) => `${group} ${change} ${entity.name}`,
      )
    expect(await groups(middle, "now")).toStrictEqual(["user:ada removed one", "user:eve removed nas"])
    expect(await groups("now", middle)).toStrictEqual(["user:ada created one", "user:eve created nas"])
    expect(await groups(before, middle)).toStrictEqual(["discovery created one", "user:ada modified nas"])
    expect(await groups(begin, before)).toStrictEqual(["discovery created nas"])
    expect(await groups(begin, middle)).toStrictEqual(["discovery created nas", "discovery created one"])
    expect(await groups(middle, begin)).toStrictEqual(["discovery removed nas", "discovery removed one"])
    const byChange = await ask("diff", { from: before, by: "change" })
    expect(byChange.groups).toStrictEqual([{ group: "removed", created: 0, modified: 0, removed: 1 }])
  })

  it("tell of what became of records where the one who linked them is listed, and of the last who retired one", async () => {
    const { fleet, ask, now } = await openFleet()
    const [nas, lan] = [await addHost(fleet, "nas"), await addHost(fleet, "nas.lan", {}, "there")]
    const before = await now()
    await changeKernel(fleet, nas, "6.1.0", "6.1.1")
    await ask("identity link", { record: lan, target: nas })
    const middle = await now()
    await retire(fleet, `target-${lan}`, "TargetRetired", "user:eve")
    await retire(fleet, `target-${nas}`, "TargetRetired", "user:bob")
    const listed = async (from: string, to: string) =>
      (await ask("diff", { from, to, by: "actor" })).items.map((item) => [
        item.group,
        "records" in item,
        item.patch.length,
      ])
    expect(await listed(before, middle)).toStrictEqual([
      ["discovery", false, 2],
      ["user:ada", true, 0],
    ])
    expect(await listed(middle, "now")).toStrictEqual([["user:bob", false, 2]])
  })

  it.each(["entity", "change", "source", "actor"])(
    "by %s go on where the page ended, at the points of the first",
    async (by) => {
      const { fleet, ask, before, hosts } = await changedByTwo()
      const whole = await ask("diff", { from: before, by })
      const items: Item[] = []
      let cursor: string | null = null
      for (let page = 0; page <= whole.items.length && (page === 0 || cursor !== null); page++) {
        const asked = { from: "now", by, limit: 1, ...(cursor === null ? { from: before } : { cursor }) }
        const answer: Answer = await ask("diff", asked)
        expect([answer.from, answer.to.position, answer.summary]).toStrictEqual([
          whole.from,
          whole.to.position,
          whole.summary,
        ])
        items.push(...answer.items)
        cursor = answer.next
        await changeKernel(fleet, hosts[0] ?? "", `6.1.${page + 1}`, `6.1.${page + 2}`)
      }
      expect([items, cursor]).toStrictEqual([whole.items, null])
    },
  )

  it("stay at the point that the first was asked at, by which a query that tells a moment is understood", async () => {
    const clock = new TestClock()
    const fleet = await scriptedFleet(clock)
    const ask = asker<Answer>(fleet)
    const hosts = [await addHost(fleet, "web-1"), await addHost(fleet, "web-2"), await addHost(fleet, "web-3")]
    for (const host of hosts) await changeKernel(fleet, host, "6.1.0", "6.1.1")
    const to = `position:${(await fleet.ledger.head()).position}`
    clock.advance(7_200_000)
    await changeKernel(fleet, hosts[0] as string, "6.1.1", "6.1.2")
    // Two hours later nothing of all that was within the last hour; when it happened, all of it was.
    const asked = { from: "position:2", to, q: "changed:<-1h" }
    const whole = await ask("diff", asked)
    const first = await ask("diff", { ...asked, limit: 1 })
    // What was kept for the next page is kept no longer.
    await ask("diff", { from: "position:1", limit: 1 })
    const second = await ask("diff", { ...asked, cursor: first.next })
    expect(told(whole).length).toBeGreaterThan(1)
    expect([...told(first), ...told(second)]).toEqual(told(whole))
    const points = ({ at, from, to: end }: Answer) => [at, from, end]
    expect(points(second)).toEqual(points(first))
  })

  it("go on from no other list's cursor", async () => {
    const { ask, before } = await changedByTwo()
    const { next } = await ask("targets", { limit: 1 })
    expect(next).not.toBeNull()
    await expect(ask("diff", { from: before, cursor: next })).rejects.toThrow(/not one that this server gave/)
    const { next: own } = await ask("diff", { from: before, limit: 1 })
    await expect(ask("diff", { from: before, by: "actor", cursor: own })).rejects.toThrow(
      /not one that this server gave/,
    )
  })

  it("hold nothing on a later page that was redacted meanwhile", async () => {
    const { fleet, ask, before } = await changedByTwo()
    await addHost(fleet, "secret-host")
    await addHost(fleet, "zz-top")
    const { next } = await ask("diff", { from: before, limit: 3 })
    await ask("redact", { text: "secret-host", reason: "nobody should know" })
    const rest = await ask("diff", { from: before, limit: 3, cursor: next })
    expect(told(rest)).toContain("created target zz-top")
    expect(JSON.stringify(rest)).not.toContain("secret-host")
  })

  it("are lines for a person: what, and what became of it", async () => {
    const { fleet, ask, before } = await changedByTwo()
    await addHost(fleet, "new\u001b[31m")
    const lines = tableOf("diff", await ask("diff", { from: before })).split("\n")
    expect(lines.slice(0, -1)).toStrictEqual([
      "~ a (target)  os.kernel  6.1.0 → 6.1.1",
      "~ b (target)",
      '    assigned  none → {"role":"lab","roleBy":"hand","tags":{}}',
      "    os.kernel  6.1.0 → 6.1.1",
      "~ c (target)  os.kernel  6.1.0 → 6.1.1",
      String.raw`+ new\u001b[31m (target)`,
    ])
    expect(lines.at(-1)).toMatch(/^1 created, 3 modified, 0 removed from .* \(position \d+\) to .* \(position \d+\)$/)
    const grouped = tableOf("diff", await ask("diff", { from: before, by: "source", limit: 4 })).split("\n")
    expect(grouped[0]).toBe("here 1 created, 3 modified, 0 removed")
    expect(grouped.at(-1)).toMatch(/; 4 shown, more with --cursor \S+$/)
  })
})

/** A ledger and its views, in memory, which are asked without a fleet around them. */
async function alone() {
  const [ledger, views] = [openSqliteLedger(":memory:"), new Views(":memory:")]
  onTestFinished(async () => {
    views.close()
    await ledger.close()
  })
  const stamps = { metadata: { actor: "discovery", source: "here" }, observedAt: new TestClock().now() }
  const append = (index: number, revision: number, events: readonly (Pick<NewEvent, "type" | "data"> & object)[]) => {
    const stream = `target-${recordId("here", "target", `m${index}`)}` as StreamName
    const stamped = events.map((event) => ({ ...event, ...stamps }) as NewEvent)
    return ledger.append(stream, revision, stamped, "test")
  }
  return {
    ledger,
    views,
    find: (index: number, name: string) => {
      const document = { lifecycle: "observed", identity: { name }, packages: {} } as const
      const data = { source: "here", nativeKey: `m${index}`, generation: 0, document }
      return append(index, -1, [{ type: "TargetDiscovered", data }])
    },
    /** Adds so many packages by one event. */
    install: (index: number, revision: number, count: number) => {
      const patch = Array.from({ length: count }, (_, number) => {
        return { op: "add" as const, path: `/packages/pkg:${revision}-${number}`, value: { version: "1" } }
      })
      return append(index, revision, [{ type: "TargetChanged", data: { facet: "packages", patch } }])
    },
    link: (index: number, to: number) => {
      const [record, target] = [index, to].map((each) => recordId("here", "target", `m${each}`))
      const event = { ...stamps, type: "RecordsLinked", data: { record, target, reasons: [] } } as NewEvent
      return ledger.append("identity" as StreamName, -1, [event], "test")
    },
    fold: async () => {
      const { position: to } = await ledger.head()
      for (let after = origin; after < to;) {
        const events = await ledger.readAll({ after, limit: 5_000 })
        await views.handle(events)
        after = events.at(-1)!.position
      }
    },
  }
}

const bothWays = ["touched", "states"] as const

it("a fleet of a thousand machines differs in each of them once, in the order of their names, whichever way that is found out, and whatever is selected", async () => {
  const { ledger, views, find, install, fold } = await alone()
  const each = Array.from({ length: 1_050 }, (_, index) => index)
  const names = each.map((index) => `m${String(index).padStart(4, "0")}`)
  const { position: from } = (await Promise.all(names.map((name, index) => find(index, name)))).at(-1)!
  const { position: to } = (await Promise.all(each.map((index) => install(index, 0, 10)))).at(-1)!
  await fold()
  const [touched, states] = await Promise.all(bothWays.map((way) => itemsBetween(views, ledger, { from, to, way })))
  expect(touched?.map(({ entity }) => entity.name)).toStrictEqual(names)
  expect(touched?.every(({ changes }) => changes.length === 10)).toBe(true)
  expect(states).toStrictEqual(touched)
  const asked: number[] = []
  const selection = async (_: number, nos: readonly number[]) => {
    asked.push(nos.length)
    return new Set(nos.filter((no) => no % 2 === 0))
  }
  const half = await itemsBetween(views, ledger, { from, to, selection })
  const chosen = new Set(half.map(({ entity }) => entity.id))
  expect(half).toHaveLength(each.length / 2)
  expect(half).toStrictEqual(touched?.filter(({ entity }) => chosen.has(entity.id)))
  expect(Math.max(...asked)).toBe(1_000)
})

it("a machine of two records differs in all that it does, also when that is more than is remembered while it is counted", async () => {
  const { ledger, views, find, install, link, fold } = await alone()
  await find(0, "nas")
  await find(1, "nas.lan")
  const { position: from } = await link(1, 0)
  const [rounds, perRound] = [6, 8_500]
  for (let round = 0; round < rounds; round++) await install(0, round, perRound)
  const { position: to } = await ledger.head()
  await fold()
  for (const way of bothWays) {
    const [item, ...others] = await itemsBetween(views, ledger, { from, to, way })
    expect(others).toStrictEqual([])
    expect(item?.entity.name).toBe("nas")
    expect(new Set(item?.changes.map(({ path }) => path)).size).toBe(rounds * perRound)
  }
})
