/** Looks at several machines at once: what one of them does not answer says nothing of it, and nothing of the others. */
import type { EventType } from "#events/catalog.js"
import { defaultPolicy } from "#events/policy.js"
import type { TargetsCoverage } from "#events/source.js"
import { grouped, shortly } from "#discovery/coverage.js"
import type { Observation } from "#discovery/observation.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { recordId } from "#kernel/ids.js"
import { maxEventBytes } from "#ledger/port.js"
import { everywhere, nowhere, workbench } from "#tests/support/discovery-bench.js"
import { describe, expect, it } from "vitest"

const typesOf = (events: readonly { readonly type: EventType }[]) => events.map(({ type }) => type)
const machine = (name: string): Observation => ({
  kind: "target",
  nativeKey: name,
  facets: { identity: { name }, access: { method: "ssh", hostKey: "SHA256:trusted", offeredHostKey: null } },
})
const service = (on: string): Observation => ({
  kind: "service",
  nativeKey: `nginx@${on}`,
  on,
  facets: { identity: { name: "nginx" }, state: { status: "running" } },
})
const [a, b] = [machine("a"), machine("b")]
const unreachable = (target: string) => ({ target, code: "SourceUnavailable", message: `${target} does not answer` })
const ten = Array.from({ length: 10 }, (_, i) => machine(`host-${i}`))

describe("a machine that could not be looked at", () => {
  it("is neither unseen nor retired, nor are its services, however often; the account names it once", async () => {
    const { sees, look, news } = await workbench()
    sees([a, b, service("a"), service("b")])
    await look()
    await news()
    sees([a, service("a")], everywhere, "ssh", { coverage: { failed: [unreachable("b")] } })
    const report = await look()
    expect(report.failed).toStrictEqual([unreachable("b")])
    const [account, ...others] = await news()
    expect(account).toMatchObject({ type: "DiscoveryCompleted", data: { coverage: { failed: [unreachable("b")] } } })
    expect(others).toStrictEqual([])
    for (let i = 0; i < 5; i++) await look()
    expect(await news()).toStrictEqual([])
  })

  it("does not keep a service of another machine from being missed", async () => {
    const { sees, look, news } = await workbench()
    sees([a, b, service("a"), service("b")])
    await look()
    await news()
    sees([a], everywhere, "ssh", { coverage: { failed: [unreachable("b")] } })
    for (let i = 0; i < 3; i++) await look()
    const told = (await news()).filter(({ type }) => type.startsWith("Service"))
    expect(typesOf(told)).toStrictEqual(["ServiceStateChanged", "ServiceRetired"])
    expect(new Set(told.map(({ stream }) => stream))).toStrictEqual(
      new Set([`service-${recordId("here", "service", "nginx@a")}`]),
    )
  })

  it("that shows another host key is told of once, and again when it is another one still", async () => {
    const { sees, look, news, document } = await workbench()
    sees([a, b])
    await look()
    await news()
    const shows = (key: string) =>
      sees([a], everywhere, "ssh", {
        coverage: { failed: [{ ...unreachable("b"), code: "HostKeyChanged" }] },
        hostKeysOffered: new Map([["b", key]]),
      })
    shows("SHA256:first")
    await look()
    await look()
    shows("SHA256:second")
    await look()
    const told = (await news()).filter(({ type }) => type === "HostKeyChanged")
    expect(told.map(({ data }) => data)).toStrictEqual([
      { from: null, to: "SHA256:first" },
      { from: "SHA256:first", to: "SHA256:second" },
    ])
    const id = recordId("here", "target", "b")
    expect(await document(id)).toMatchObject({ lifecycle: "observed", access: { offeredHostKey: "SHA256:second" } })
    sees([a, b])
    await look()
    expect(await document(id)).toMatchObject({ access: { offeredHostKey: null } })
  })
})

describe("a look at which no machine answered", () => {
  it("is told as failed with the reason, and concludes nothing", async () => {
    const { sees, look, news, views, ledger } = await workbench()
    sees([a, b])
    await look()
    const good = await views.runs.lastSaw("here", "a", (await ledger.head()).position)
    await news()
    sees([], everywhere, "ssh", { coverage: { failed: [unreachable("a"), unreachable("b")] } })
    expect(await look()).toMatchObject({
      outcome: "failed",
      message: "none of 2 machines could be looked at; the first: a does not answer",
      changes: 0,
    })
    expect(typesOf(await news())).toStrictEqual(["DiscoveryCompleted"])
    expect(await views.runs.lastSaw("here", "a", (await ledger.head()).position)).toBe(good)
  })
})

describe("what is complete on one machine and not on another", () => {
  it("is concluded from there alone", async () => {
    const { sees, look, news } = await workbench()
    sees([a, b, service("a"), service("b")])
    await look()
    await news()
    const reach = { rights: "root", looked: {}, notLooked: {} }
    const targets: TargetsCoverage[] = grouped(
      new Map([
        ["a", { ...reach, complete: { service: true } }],
        ["b", { ...reach, complete: { service: false } }],
      ]),
    )
    sees([a, b], { ...nowhere, target: true }, "ssh", { coverage: { targets } })
    await look()
    const told = (await news()).filter(({ type }) => type === "ServiceStateChanged")
    expect(told.map(({ stream }) => stream)).toStrictEqual([`service-${recordId("here", "service", "nginx@a")}`])
  })

  it("is told in one line for all machines of which the same can be said", () => {
    const same = { rights: "root", looked: { os: true as const }, notLooked: {}, complete: { service: true } }
    const other = { ...same, rights: "user:fleet" }
    expect(
      grouped(
        new Map([
          ["c", same],
          ["b", other],
          ["a", same],
        ]),
      ),
    ).toStrictEqual([
      { targets: ["a", "c"], ...same },
      { targets: ["b"], ...other },
    ])
  })
})

describe("the account of a look at many machines", () => {
  it("names those of which something else is to be said than of most", async () => {
    const { sees, look, news } = await workbench()
    const usual = { rights: "root", looked: { identity: true as const }, notLooked: {}, complete: { service: true } }
    const locked = { ...usual, notLooked: { "/packages": "the package manager is at work" } }
    const many = Array.from({ length: 500 }, (_, i) => `host-${i}`)
    const said = new Map(many.map((name) => [name, name === "host-7" ? locked : usual]))
    const coverage = { targets: grouped(said) }
    sees([...many.map(machine), service("host-7")], { target: true, service: false }, "ssh", { coverage })
    await look()
    const account = (await news()).at(-1)
    expect(account?.data).toMatchObject({
      coverage: { targets: [{ targets: ["host-7"], ...locked }], others: usual },
    })
    expect(JSON.stringify(account).length).toBeLessThan(2_000)
    sees(many.map(machine), { target: true, service: false }, "ssh", { coverage })
    await look()
    expect(typesOf(await news())).toStrictEqual(["ServiceStateChanged", "DiscoveryCompleted"])
  })
})

describe("ten thousand machines that do not answer", () => {
  it("are in an account that an event has room for, each by its name", () => {
    const failed = Array.from({ length: 10_000 }, (_, i) => unreachable(`web-${i}.example`))
    const reach = { rights: "ssh", looked: {}, notLooked: {}, complete: nowhere }
    const told = shortly({ ...reach, failed })
    expect(told.failed?.map(({ target }) => target)).toStrictEqual(failed.map(({ target }) => target))
    expect(canonicalJson(told).length).toBeLessThan(maxEventBytes)
    expect(told.failed?.[0]).toStrictEqual(failed[0])
  })
})

describe("machines that are missing", () => {
  it("too many at once, are held: nothing is concluded, and the account says how many", async () => {
    const { sees, look, news } = await workbench()
    sees(ten)
    await look()
    await news()
    sees(ten.slice(0, 5))
    for (let i = 0; i < 5; i++) expect(await look()).toMatchObject({ held: 5, changes: 0 })
    const [account, ...others] = await news()
    expect(account).toMatchObject({ type: "DiscoveryCompleted", data: { coverage: { held: 5 } } })
    expect(others).toStrictEqual([])
    sees(ten)
    expect(await look()).toMatchObject({ held: 0, changes: 0 })
  })

  it("are gone when somebody says so", async () => {
    const { sees, look, news, ledger } = await workbench()
    sees(ten)
    await look()
    sees([])
    await news()
    for (let i = 0; i < defaultPolicy.retireAfterLooks; i++) await look(ledger, { acceptAbsence: true })
    expect(typesOf(await news()).filter((type) => type === "TargetRetired")).toHaveLength(10)
  })

  it("few of many, are unseen at once and retired after as many complete looks as the policy asks", async () => {
    const { sees, look, news } = await workbench()
    sees(ten)
    await look()
    await news()
    sees(ten.slice(1))
    expect(await look()).toMatchObject({ held: 0, changes: 1 })
    await look()
    await look()
    await look()
    expect(typesOf(await news()).filter((type) => type.startsWith("Target"))).toStrictEqual([
      "TargetUnseen",
      "TargetRetired",
    ])
  })
})

describe("what runs on a machine that is taken out of the list", () => {
  it("is retired with it, though nobody could look there", async () => {
    const { sees, look, news } = await workbench()
    sees([a, b, service("a"), service("b")])
    await look()
    await news()
    sees([a, service("a")], { target: true, service: false })
    for (let i = 0; i < 4; i++) await look()
    expect(typesOf(await news()).filter((type) => type !== "DiscoveryCompleted")).toStrictEqual([
      "TargetUnseen",
      "TargetRetired",
      "ServiceRetired",
    ])
  })
})

describe("a service that flaps on a machine that is taken out of the list", () => {
  it("is retired with it too", async () => {
    const { sees, look, news, document } = await workbench()
    const turned = (status: string) => ({ ...service("b"), facets: { identity: { name: "nginx" }, state: { status } } })
    for (const status of ["running", "stopped", "running", "stopped", "running", "stopped"]) {
      sees([a, b, turned(status)])
      await look()
    }
    const id = recordId("here", "service", "nginx@b")
    expect(await document(id)).toMatchObject({ flapping: true })
    await news()
    sees([a], { target: true, service: false })
    for (let i = 0; i < 4; i++) await look()
    expect(await document(id)).toMatchObject({ lifecycle: "retired" })
  })
})

describe("a stack", () => {
  const stack: Observation = {
    kind: "stack",
    nativeKey: "blog",
    on: "a",
    facets: { identity: { name: "blog", runtime: "compose" }, config: { files: { "file:/srv/compose.yaml": {} } } },
  }

  it("is discovered on its machine, changes, is retired by complete looks, and returns", async () => {
    const { sees, look, news, document } = await workbench()
    const complete = { ...everywhere, stack: true }
    sees([stack, a], complete)
    expect(await look()).toMatchObject({ stacks: 1, changes: 2 })
    sees([a, { ...stack, facets: { config: { workingDir: "/srv" } } }], complete)
    await look()
    sees([a], complete)
    for (let i = 0; i < 4; i++) await look()
    sees([a, stack], complete)
    await look()
    expect(typesOf(await news()).filter((type) => type.startsWith("Stack"))).toStrictEqual([
      "StackDiscovered",
      "StackChanged",
      "StackRetired",
      "StackReappeared",
    ])
    expect(await document(recordId("here", "stack", "blog"))).toMatchObject({
      lifecycle: "observed",
      config: { workingDir: "/srv" },
    })
  })

  it("is not missed by a look that did not look for stacks", async () => {
    const { sees, look, news } = await workbench()
    sees([stack, a], { ...everywhere, stack: true })
    await look()
    await news()
    sees([a])
    for (let i = 0; i < 4; i++) await look()
    expect(typesOf(await news()).filter((type) => type.startsWith("Stack"))).toStrictEqual([])
  })
})
