/** Whose history it is, since when a field is what it is, and when much happened: as it is asked for through the operations. */
import type { NewEvent } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { payloads } from "#tests/support/sample-events.js"
import { addHost, addService, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

type Item = Record<string, unknown>
type Answer = Record<string, unknown> & { items: Item[]; buckets: Item[]; next: string | null }

async function aFleet() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const ask = asker<Answer>(fleet)
  return { clock, fleet, ask }
}

async function append(
  fleet: Fleet,
  stream: string,
  event: Pick<NewEvent, "type" | "data">,
  source = "here",
): Promise<void> {
  const name = stream as StreamName
  const metadata = { actor: "discovery", source }
  const told = { ...event, metadata, observedAt: fleet.clock.now() } as NewEvent
  const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [told], "test")
  await fleet.reached(position)
}

/** A service of a stack, on a machine, by its name. */
async function addStacked(fleet: Fleet, target: string, kind: "stack" | "service", name: string): Promise<void> {
  const id = recordId("here", kind, name)
  const identity = kind === "stack" ? { name, runtime: "compose" as const } : { name, runtime: "docker" as const }
  const config = kind === "stack" ? { workingDir: "/srv" } : { stack: "shop" }
  const data = {
    source: "here",
    nativeKey: name,
    generation: 0,
    target,
    document: { lifecycle: "observed", identity, config },
  }
  const type = kind === "stack" ? "StackDiscovered" : "ServiceDiscovered"
  await append(fleet, `${kind}-${id}`, { type, data } as unknown as NewEvent)
}

const typesOf = ({ items }: Answer) => items.map(({ type }) => type)

describe("history", () => {
  it("of a stack is that of its services too, gone ones as well; of a machine that of all on it; unless it is to be its own", async () => {
    const { fleet, ask } = await aFleet()
    const nas = await addHost(fleet, "nas")
    await addService(fleet, nas, "smbd")
    await addStacked(fleet, nas, "stack", "shop")
    await addStacked(fleet, nas, "service", "shop-web")
    await append(fleet, `service-${recordId("here", "service", "shop-web")}`, {
      type: "ServiceRetired",
      data: { from: "observed" },
    })
    const ofStack = ["ServiceRetired", "ServiceDiscovered", "StackDiscovered"]
    expect(typesOf(await ask("history", { entity: "shop" }))).toStrictEqual(ofStack)
    expect(typesOf(await ask("history", { entity: "stack:shop", own: true }))).toStrictEqual(["StackDiscovered"])
    expect(typesOf(await ask("history", { entity: "nas" }))).toStrictEqual([
      ...ofStack,
      "ServiceDiscovered",
      "TargetDiscovered",
    ])
    expect(typesOf(await ask("history", { entity: "nas", own: true }))).toStrictEqual(["TargetDiscovered"])
  })

  it("is looked for until there is something to show, however far back it is", async () => {
    const { fleet, ask } = await aFleet()
    const nas = await addHost(fleet, "nas")
    await addStacked(fleet, nas, "stack", "shop")
    // Of a stack of so many services few changes of each are gone through at a time.
    await Promise.all(Array.from({ length: 200 }, (_, index) => addStacked(fleet, nas, "service", `shop-${index}`)))
    const folderOf = (index: number) => (index === 0 ? "/srv" : `/srv/${index}`)
    const moves = Array.from({ length: 250 }, (_, index): NewEvent => ({
      type: "StackChanged",
      data: {
        facet: "config",
        patch: [
          { op: "test", path: "/config/workingDir", value: folderOf(index) },
          { op: "replace", path: "/config/workingDir", value: folderOf(index + 1) },
        ],
      },
      metadata: { actor: "discovery", source: "here" },
      observedAt: fleet.clock.now(),
    }))
    const stack = `stack-${recordId("here", "stack", "shop")}` as StreamName
    const { position } = await fleet.ledger.append(stack, 0, moves, "moves")
    await fleet.reached(position)
    for (const [type, found] of [
      ["StackDiscovered", ["StackDiscovered"]],
      ["StackRetired", []],
    ] as const) {
      const answer = await ask("history", { entity: "shop", type })
      expect(typesOf(answer)).toStrictEqual(found)
      expect(answer.next).toBeNull()
    }
  })

  it("goes on where a page ended, at the point of the first page, whatever is asked for", async () => {
    const { fleet, ask, clock } = await aFleet()
    const nas = await addHost(fleet, "nas")
    for (let n = 1; n < 6; n++) {
      clock.advance(1_000)
      await changeKernel(fleet, nas, n === 1 ? "6.1.0" : `6.1.${n - 1}`, `6.1.${n}`)
    }
    const asked = { field: "os.kernel", order: "oldest", limit: "2" }
    const first = await ask("history", asked)
    await changeKernel(fleet, nas, "6.1.5", "6.1.6")
    const second = await ask("history", { ...asked, cursor: first.next })
    const third = await ask("history", { ...asked, cursor: second.next })
    const kernels = [first, second, third].flatMap(({ items }) =>
      items.map(({ changes }) => (changes as { after: string }[]).map(({ after }) => after)),
    )
    expect(kernels).toStrictEqual([[], ["6.1.1"], ["6.1.2"], ["6.1.3"], ["6.1.4"], ["6.1.5"]])
    expect(third.next).toBeNull()
  })

  it("refuses what it cannot be asked, with what would do", async () => {
    const { ask } = await aFleet()
    const refused: [Record<string, string>, string][] = [
      [{ type: "TargetChangd" }, 'did you mean "TargetChanged"?'],
      [{ field: "oss.kernel" }, 'did you mean "os"?'],
      [{ severity: "bad" }, "severity"],
      [{ order: "up" }, "order"],
      [{ since: "soon" }, "not a point in time"],
    ]
    for (const [input, hint] of refused) await expect(ask("history", input)).rejects.toThrow(hint)
  })
})

describe("a field", () => {
  it("may be named with dots or slashes, down to an item of a collection, whose key may have both", async () => {
    const { fleet, ask } = await aFleet()
    const nas = await addHost(fleet, "nas")
    const patch = [{ op: "add" as const, path: "/sockets", value: { "tcp:127.0.0.1:80": { port: 80 } } }]
    await append(fleet, `target-${nas}`, { type: "TargetChanged", data: { facet: "sockets", patch } })
    const names = ["sockets.tcp:127.0.0.1:80", "/sockets/tcp:127.0.0.1:80", "sockets/tcp:127.0.0.1:80.port", "sockets"]
    for (const field of names) {
      expect(typesOf(await ask("history", { field }))).toStrictEqual(["TargetChanged"])
      const { items } = await ask("blame", { entity: "nas", field })
      expect(items).toMatchObject([{ path: "/sockets/tcp:127.0.0.1:80", value: { port: 80 }, type: "TargetChanged" }])
    }
  })
})

describe("blame", () => {
  it("says of each field since when, by which event, from whom and why, then and now", async () => {
    const { fleet, ask, clock } = await aFleet()
    const nas = await addHost(fleet, "nas")
    clock.advance(60_000)
    await changeKernel(fleet, nas, "6.1.0", "6.1.1")
    await ask("tag add", { target: "nas", tag: "pci", reason: "an audit" })
    const { items, at, entity } = await ask("blame", { entity: "nas" })
    expect(entity).toMatchObject({ kind: "target", name: "nas" })
    const [discovery, kernel, tag] = await fleet.ledger.readStream(`target-${nas}` as StreamName, { limit: 9 })
    const by = (path: string) => items.find((item) => item["path"] === path)
    expect(by("/identity/name")).toMatchObject({
      value: "nas",
      event: discovery?.id,
      type: "TargetDiscovered",
      source: "here",
      reason: null,
    })
    expect(by("/os/kernel")).toMatchObject({
      value: "6.1.1",
      event: kernel?.id,
      position: kernel?.position,
      recordedAt: kernel?.recordedAt,
    })
    expect(by("/assigned/tags/tag:pci")).toMatchObject({
      event: tag?.id,
      actor: "user:ada",
      source: null,
      reason: "an audit",
    })
    const before = { entity: "nas", field: "os", at: `position:${discovery?.position}` }
    expect((await ask("blame", before)).items).toMatchObject([
      { path: "/os/kernel", value: "6.1.0", event: discovery?.id },
    ])
    const first = await ask("blame", { entity: "nas", limit: "2" })
    const rest = await ask("blame", { entity: "nas", cursor: first.next })
    expect([...first.items, ...rest.items]).toStrictEqual(items)
    expect(rest["at"]).toStrictEqual(at)
  })

  it("goes by the record that a machine of several has the field from", async () => {
    const { fleet, ask } = await aFleet()
    const nas = await addHost(fleet, "nas", { "pkg:nginx": { version: "1" } })
    const other = await addHost(fleet, "nas.lan", { "pkg:curl": { version: "1" } })
    const patch = [{ op: "add" as const, path: "/hardware", value: { cpuCores: 4 } }]
    await append(fleet, `target-${other}`, { type: "TargetChanged", data: { facet: "hardware", patch } }, "there")
    await ask("tag add", { target: "nas.lan", tag: "web" })
    await ask("identity link", { record: other, target: nas })
    await ask("tag add", { target: "nas", tag: "db" })
    const { items } = await ask("blame", { entity: "nas" })
    const whose = Object.fromEntries(items.map(({ path, record }) => [path, record]))
    expect(whose).toMatchObject({
      "/identity/name": nas,
      "/packages/pkg:nginx": nas,
      "/hardware/cpuCores": other,
      "/assigned/tags/tag:db": nas,
      "/assigned/tags/tag:web": other,
      "/lifecycle": nas,
    })
    expect(Object.keys(whose)).not.toContain("/packages/pkg:curl")
  })

  it("goes by the most trusted source, but for what somebody said by hand by the oldest record", async () => {
    const { fleet, ask } = await aFleet()
    const nas = await addHost(fleet, "nas")
    const other = await addHost(fleet, "nas", {}, "there")
    for (const target of [other, nas]) {
      await ask("tag add", { target, tag: "pci" })
      await ask("role set", { target, role: "lab" })
    }
    const rule = { tag: "by-rule", by: "rule", rule: "name=nas" } as const
    for (const target of [other, nas]) await append(fleet, `target-${target}`, { type: "TargetTagged", data: rule })
    const policy = { ...defaultPolicy, precedence: ["there", "here"] }
    await append(fleet, "policy", { type: "PolicyAdopted", data: { policy } })
    await ask("identity link", { record: other, target: nas })
    const { items } = await ask("blame", { entity: nas })
    expect(Object.fromEntries(items.map(({ path, record }) => [path, record]))).toMatchObject({
      "/os/kernel": other,
      "/assigned/role": nas,
      "/assigned/roleBy": nas,
      "/assigned/tags/tag:pci": nas,
      "/assigned/tags/tag:by-rule": other,
    })
    const paths = items.map(({ path }) => String(path))
    expect(paths).toStrictEqual(paths.toSorted((a, b) => (a < b ? -1 : 1)))
    expect((await ask("blame", { entity: nas, field: "assigned.role" })).items).toMatchObject([{ record: nas }])
  })
})

describe("density", () => {
  it("counts what happened in each part of the time by severity, of the fleet and of one machine", async () => {
    const { fleet, ask, clock } = await aFleet()
    const from = clock.now()
    clock.advance(60_000)
    const nas = await addHost(fleet, "nas")
    const nginx = await addService(fleet, nas, "nginx")
    clock.advance(60_000)
    await append(fleet, `service-${nginx}`, { type: "ServiceStateChanged", data: { from: "running", to: "failed" } })
    await addHost(fleet, "web-1")
    await append(fleet, `target-${recordId("here", "target", "web-1")}`, { type: "TargetUnseen", data: {} })
    clock.advance(60_000)
    await changeKernel(fleet, nas, "6.1.0", "6.1.1")
    const counts = ({ buckets }: Answer) =>
      buckets.map(({ info, notice, warning, critical }) => [info, notice, warning, critical])
    const ofFleet = await ask("density", { from, buckets: 3 })
    expect(counts(ofFleet)).toStrictEqual([
      [0, 2, 0, 0],
      [0, 1, 1, 1],
      [1, 0, 0, 0],
    ])
    expect(ofFleet.buckets.map(({ to }) => to)).toStrictEqual(
      [60_000, 120_000, 180_000].map((ms) => new Date(Date.parse(from) + ms).toISOString()),
    )
    expect(counts(await ask("density", { entity: "nas", from, buckets: 3 }))).toStrictEqual([
      [0, 2, 0, 0],
      [0, 0, 0, 1],
      [1, 0, 0, 0],
    ])
    expect(counts(await ask("density", { buckets: 1 }))).toStrictEqual([[1, 3, 1, 1]])
    await expect(ask("density", { from: "now", to: from })).rejects.toThrow("behind")
  })

  it("marks the time from a look that could not see all to one that could", async () => {
    const { fleet, ask, clock } = await aFleet()
    const from = clock.now()
    const { DiscoveryCompleted: complete } = payloads
    const coverage = {
      ...complete.coverage,
      failed: [{ target: "web-1", code: "SourceUnreachable", message: "no route" }],
    }
    const looks: Pick<NewEvent, "type" | "data">[] = [
      { type: "DiscoveryCompleted", data: complete },
      { type: "DiscoveryCompleted", data: { ...complete, coverage } },
      { type: "DiscoveryFailed", data: payloads.DiscoveryFailed },
      { type: "DiscoveryCompleted", data: complete },
    ]
    for (const look of looks) {
      clock.advance(60_000)
      await append(fleet, "source-here", look)
    }
    clock.advance(60_000)
    const { buckets } = await ask("density", { from, buckets: 5 })
    // The look that is complete again ends it: nobody knows of the time before.
    expect(buckets.map(({ incomplete }) => incomplete)).toStrictEqual([false, true, true, true, false])
    const then = await ask("density", { from, to: "-3m", buckets: 2, at: "-3m" })
    expect(then.buckets.map(({ incomplete }) => incomplete)).toStrictEqual([false, true])
  })
})
