/** How the fleet is doing through its operation: as of any point, with the events that reasons rest on, and under the policy of then or of now. */
import { describe, expect, it } from "vitest"
import { tableOf } from "#cli/tables.js"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { asker } from "#tests/support/asker.js"
import { open } from "#tests/support/folder-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"

interface Item {
  readonly entity: { readonly name: string }
  readonly score: number | null
  readonly reasons: readonly { readonly factor: string; readonly fact: string; readonly position: number | null }[]
}
interface Answer extends Record<string, unknown> {
  readonly items: readonly Item[]
  readonly next: string | null
}

const metadata = { actor: "discovery", source: "here" }
const told = ({ items }: Answer) => items.map(({ entity, score }) => [entity.name, score])

async function append(fleet: Fleet, name: string, event: Pick<NewEvent, "type" | "data">): Promise<number> {
  const stream = name as StreamName
  const whole = { ...event, metadata, observedAt: fleet.clock.now() } as NewEvent
  const { position } = await fleet.ledger.append(stream, await fleet.ledger.revisionOf(stream), [whole], `test ${name}`)
  await fleet.reached(position)
  return position
}

async function discovered(
  fleet: Fleet,
  kind: "target" | "service" | "stack",
  name: string,
  document: object,
  target?: string,
): Promise<string> {
  const id = recordId("here", kind, name)
  const type = { target: "TargetDiscovered", service: "ServiceDiscovered", stack: "StackDiscovered" } as const
  const data = {
    source: "here",
    nativeKey: name,
    generation: 0,
    ...(target !== undefined && { target }),
    document: {
      lifecycle: "observed",
      ...document,
      identity: { name, ...(kind !== "target" && { runtime: kind === "stack" ? "compose" : "docker" }) },
    },
  }
  await append(fleet, `${kind}-${id}`, { type: type[kind], data } as unknown as Pick<NewEvent, "type" | "data">)
  return id
}

describe("how the fleet is doing", () => {
  it("is told at each point by what was known there", async () => {
    const folder = await tempFolder()
    const clock = new TestClock()
    const fleet = await open(folder, "{}", clock)
    const ask = asker<Answer>(fleet)
    const host = await discovered(fleet, "target", "web-1", { resources: { cpu: "healthy" } })
    await discovered(fleet, "target", "web-2", {})
    const shop = { config: { stack: "shop", stackService: "web" }, state: { status: "running" } }
    await discovered(fleet, "stack", "shop", {}, host)
    const service = await discovered(fleet, "service", "shop-web", shop, host)
    // Nobody says that a look has found them: they were added by hand.
    const before = await append(fleet, `target-${host}`, {
      type: "TargetResourceStatusChanged",
      data: { resource: "cpu", from: "healthy", to: "warning" },
    })
    expect(told(await ask("health"))).toEqual([
      ["web-1", 0.4],
      ["web-2", null],
    ])
    const after = await append(fleet, `service-${service}`, {
      type: "ServiceStateChanged",
      data: { from: "running", to: "failed" },
    })
    const now = await ask("health")
    expect(told(now)[0]).toEqual(["web-1", 0.2])
    expect(now["counts"]).toEqual({ healthy: 0, warning: 0, critical: 1, unknown: 1, average: 0.2 })
    expect(told(await ask("health", { kind: "stack" }))).toEqual([["shop", 0]])
    const [failed] = (await ask("health", { entity: "shop-web" })).items
    expect(failed?.reasons).toMatchObject([{ factor: "failed", position: after }, { factor: "stale" }])
    // As of then it is what it was, of all kinds.
    const then = { at: `position:${before}` }
    const past = await ask("health", then)
    expect(told(past)[0]).toEqual(["web-1", 0.4])
    expect(past.items[0]?.reasons).toMatchObject([{ factor: "cpu", position: before }, { factor: "stale" }])
    expect(told(await ask("health", { ...then, kind: "stack" }))).toEqual([["shop", 0.4]])
    // Page by page it is the same.
    const first = await ask("health", { ...then, limit: 1 })
    const second = await ask("health", { ...then, limit: 1, cursor: first.next })
    expect([...first.items, ...second.items]).toEqual(past.items)
    expect(tableOf("health", past)).toMatch(/web-1 +0\.4 +warning +-0\.1 cpu is warning \(position \d+\)/)
    // What lists tell is the same but for the clock, and as quick as a list.
    const seen = await ask("health", { policy: "none" })
    expect([told(seen), seen["counts"]]).toEqual([
      [
        ["web-1", 0.7],
        ["web-2", null],
      ],
      { healthy: 1, warning: 0, critical: 0, unknown: 1, average: 0.7 },
    ])
    expect(seen.items[0]?.reasons.map(({ factor }) => factor)).not.toContain("stale")
    const one = await ask("health", { policy: "none", limit: 1 })
    expect(told(await ask("health", { policy: "none", limit: 1, cursor: one.next }))).toEqual([["web-2", null]])
    expect(told(await ask("health", { policy: "none", entity: "web-2" }))).toEqual([["web-2", null]])
    await expect(ask("health", { policy: "none", kind: "stack" })).rejects.toThrow("machines alone")
    // Another policy judges what comes after it, and the past when that is asked for.
    await fleet.close()
    const stricter = await open(folder, "policy: { health: { weights: { lost: 0.9 } } }", clock)
    const again = asker<Answer>(stricter)
    expect(told(await again("health", then))[0]).toEqual(["web-1", 0.4])
    expect(told(await again("health", { ...then, policy: "now" }))[0]).toEqual(["web-1", 0])
    expect(told(await again("health"))[0]).toEqual(["web-1", 0])
  })
})

describe("how a part of the fleet is doing", () => {
  it("is told of the worst first, else by name; of a stack by its services and its machine", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    const part = (stackService: string, status: string) => ({
      config: { stack: "shop", stackService },
      state: { status },
    })
    for (const name of ["c", "a", "d", "b"]) {
      const host = await discovered(fleet, "target", name, { resources: { cpu: name < "c" ? "critical" : "healthy" } })
      await discovered(fleet, "stack", `${name}-shop`, { identity: { name: "shop" } }, host)
      await discovered(fleet, "service", `${name}-web`, part("web", name === "d" ? "failed" : "running"), host)
    }
    const [targets, services] = [await ask("health"), await ask("health", { kind: "service" })]
    const names = ({ items }: Answer) => items.map(({ entity }) => entity.name)
    expect(names(targets)).toStrictEqual(["a", "b", "d", "c"])
    expect(names(services)).toStrictEqual(["d-web", "a-web", "b-web", "c-web"])
    for (const { items } of [targets, services])
      expect(items.every(({ score }, i) => i === 0 || (score ?? 0) >= (items[i - 1]?.score ?? 0))).toBe(true)
    const [listed, judged] = [await ask("health", { policy: "none" }), targets]
    for (const { items, counts } of [listed, judged]) {
      const sum = items.reduce((all, { score }) => all + (score ?? 0), 0)
      expect(counts).toMatchObject({ unknown: 0, average: Math.round((sum / items.length) * 1_000) / 1_000 })
    }
    const one = await ask("health", { entity: "a" })
    expect(one.items).toStrictEqual(targets.items.slice(0, 1))
    expect(one.items[0]?.reasons.map(({ factor }) => factor)).toStrictEqual(["cpu", "stale"])
  })
})

describe("what checks found", () => {
  it("counts for the machine that they are of, each of them, also where that alone is asked about", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    const web = await discovered(fleet, "target", "web-1", { resources: { cpu: "healthy" } })
    await discovered(fleet, "target", "web-2", { resources: { cpu: "healthy" } })
    const fails = (check: string, about: { readonly kind: "target"; readonly id: string } | null) =>
      append(fleet, `check-${recordId("here", "check", check)}`, {
        type: "CheckStatusChanged",
        data: { check, kind: "http", about, from: "passing", to: "failing", detail: "nobody answers" },
      })
    await fails("of-nothing", null)
    for (const check of ["front", "back"]) await fails(check, { kind: "target", id: web })
    const found = ({ items }: Answer) =>
      items.map(({ entity, reasons }) => [
        entity.name,
        reasons.flatMap(({ factor, fact }) => (factor === "checks" ? [fact] : [])),
      ])
    const one = ["web-1", ["checks fail: back, front"]]
    expect(new Map(found(await ask("health")) as [string, string[]][])).toStrictEqual(
      new Map([one, ["web-2", []]] as [string, string[]][]),
    )
    expect(found(await ask("health", { entity: "web-1" }))).toStrictEqual([one])
  })
})

describe("a past point", () => {
  it("is judged as it was when it was now, whatever came after it", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "{}", clock)
    const ask = asker<Answer & { at: { time: string } }>(fleet)
    const certificates = { "cert:443": { notAfter: new Date(Date.parse(clock.now()) + 15 * 86_400_000).toISOString() } }
    const host = await discovered(fleet, "target", "web-1", { resources: { cpu: "healthy" }, certificates })
    const steps: Pick<NewEvent, "type" | "data">[] = [
      { type: "TargetResourceStatusChanged", data: { resource: "cpu", from: "healthy", to: "critical" } },
      { type: "TargetUnseen", data: {} },
      { type: "TargetReappeared", data: { from: "unseen" } },
      { type: "TargetResourceStatusChanged", data: { resource: "cpu", from: "critical", to: "warning" } },
    ]
    const lives = []
    for (const step of steps) {
      await append(fleet, `target-${host}`, step)
      // What is told of it comes at the same time.
      await until(async () => (await fleet.subscriptions.list()).every(({ lag }) => lag === 0))
      for (const name of ["health", "security"]) lives.push({ name, live: await ask(name) })
      clock.advance(5 * 86_400_000)
    }
    for (const { name, live } of lives) expect(await ask(name, { at: live.at.time })).toEqual(live)
    const scores = lives.flatMap(({ name, live }) => (name === "health" ? told(live) : []))
    expect(new Set(scores.map(([, score]) => score)).size).toBeGreaterThan(1)
  })
})

describe("what makes it easier for others", () => {
  it("is told of the same severity by rule, by name, and by where it is", async () => {
    const fleet = await open(await tempFolder())
    const host = await discovered(fleet, "target", "web-1", { security: { firewall: "nftables" } })
    for (const name of ["b", "a", "c"])
      await discovered(fleet, "service", name, { container: { image: "nginx:latest", privileged: true } }, host)
    const { items } = await asker<{ items: { entity: { name: string }; rule: string }[] }>(fleet)("security")
    expect(items.map(({ entity, rule }) => `${rule} ${entity.name}`)).toStrictEqual([
      "privileged-container a",
      "privileged-container b",
      "privileged-container c",
      "moving-tag a",
      "moving-tag b",
      "moving-tag c",
    ])
  })

  it("is told at each point, the severest first, with the event", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<{
      items: { entity: { name: string }; rule: string; position: number }[]
      next: string | null
      counts: object
    }>(fleet)
    const security = { firewall: "nftables" }
    const sockets = { "tcp:80": { port: 80, address: "*", process: "nginx" } }
    const host = await discovered(fleet, "target", "web-1", { security, sockets })
    const container = { image: "nginx:latest", privileged: true }
    await discovered(fleet, "service", "web", { container }, host)
    const before = (await fleet.ledger.head()).position
    const patch = [
      { op: "test" as const, path: "/security/firewall", value: "nftables" },
      { op: "replace" as const, path: "/security/firewall", value: null },
    ]
    await append(fleet, `target-${host}`, { type: "TargetChanged", data: { facet: "security", patch } })
    const now = await ask("security")
    const rows = ({ items }: typeof now) => items.map(({ entity, rule, position }) => [entity.name, rule, position])
    expect(rows(now)).toEqual([
      ["web", "privileged-container", before],
      ["web", "moving-tag", before],
      ["web-1", "open-without-firewall", before - 1],
    ])
    expect(now.counts).toEqual({ info: 0, notice: 0, warning: 2, critical: 1 })
    expect(rows(await ask("security", { at: `position:${before}` }))).toEqual(rows(now).slice(0, 2))
    expect(rows(await ask("security", { severity: "critical" }))).toEqual(rows(now).slice(0, 1))
    expect(rows(await ask("security", { rule: "moving-tag", entity: "web-1" }))).toEqual(rows(now).slice(1, 2))
    const first = await ask("security", { limit: 2 })
    const second = await ask("security", { limit: 2, cursor: first.next })
    expect([rows(first), rows(second), second.next]).toEqual([rows(now).slice(0, 2), rows(now).slice(2), null])
    expect(tableOf("security", now as never)).toContain(
      "nginx listens to everybody at tcp:80, and nothing filters what comes in",
    )
  })
})
