/** Alerts of a fleet in a folder: what raises them once, what resolves them, and what people do with them. */
import { tableOf } from "#cli/tables.js"
import type { FleetEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"
import {
  type Alerting,
  alerting,
  check,
  checked,
  discovered,
  host,
  looked,
  service,
  serviceOn,
  stateChanged,
  targetChanged,
} from "#tests/support/alerting.js"
import { asker } from "#tests/support/asker.js"
import { open } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

const minute = 60_000
const hour = 60 * minute

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
  readonly id: string
}

async function withFailing(name = "site", configuration: object = {}): Promise<Alerting> {
  const world = await alerting(configuration)
  await world.happens(check(name), checked(name, "unknown", "failing"))
  return world
}

describe("built-in rules", () => {
  it("tell of a check that fails until it passes, and take back what is asked no more", async () => {
    const world = await withFailing()
    await world.happens(check("other"), checked("other", "unknown", "failing"))
    await world.happens(check("site"), checked("site", "failing", "passing"))
    await world.happens(check("other"), { type: "CheckEnded", data: { check: "other" } })
    expect(await world.told()).toEqual([
      "raised check-failing site",
      "raised check-failing other",
      "resolved check-failing site",
      "resolved check-failing other (withdrawn)",
    ])
  })

  it("tell of a service that failed, critical where people rely upon its machine", async () => {
    const world = await alerting()
    const assigned = { assigned: { role: "production", roleBy: "hand", tags: {} } }
    await world.happens(host("web"), discovered("web", assigned))
    await world.happens(host("toy"), discovered("toy"))
    await world.happens(service("nginx"), serviceOn("web", "nginx"))
    await world.happens(service("game"), serviceOn("toy", "game", "failed"))
    await world.happens(service("nginx"), stateChanged("running", "failed"))
    await world.happens(service("nginx"), stateChanged("failed", "running"))
    await world.happens(service("game"), { type: "ServiceRetired", data: { from: "observed" } })
    expect(await world.told()).toEqual([
      "raised service-failed game",
      "raised service-failed nginx",
      "resolved service-failed nginx",
      "resolved service-failed game (withdrawn)",
    ])
    const { items } = await asker<Answer>(world.fleet)("alerts", { all: true })
    expect(items.map(({ severity, title }) => [severity, title])).toEqual([
      ["critical", "nginx on web has failed"],
      ["warning", "game on toy has failed"],
    ])
  })

  it("tell of each disk that is nearly full until it is not, or there no more", async () => {
    const world = await alerting()
    const resources = { "fs:/": "healthy", "fs:/data": "critical", "fs:/old": "critical", cpu: "critical" }
    await world.happens(host("web"), discovered("web", { resources }))
    const band = (resource: string, from: string, to: string) =>
      ({ type: "TargetResourceStatusChanged", data: { resource, from, to } }) as FleetEvent
    await world.happens(host("web"), band("fs:/", "healthy", "warning"), band("fs:/", "warning", "critical"))
    await world.happens(host("web"), band("fs:/data", "critical", "warning"))
    const unmounted = [
      { op: "test" as const, path: "/resources/fs:~1old", value: "critical" },
      { op: "remove" as const, path: "/resources/fs:~1old" },
    ]
    await world.happens(host("web"), { type: "TargetChanged", data: { facet: "resources", patch: unmounted } })
    expect((await world.told()).filter((told) => told.includes("disk-full"))).toEqual([
      "raised disk-full web fs:/data",
      "raised disk-full web fs:/old",
      "raised disk-full web fs:/",
      "resolved disk-full web fs:/data",
      "resolved disk-full web fs:/old (withdrawn)",
    ])
  })

  it("tell of machines that cannot be reached, each once, and of many at once in one", async () => {
    const world = await alerting()
    const many = Array.from({ length: 25 }, (_, index) => `m${index}`)
    await world.happens(host("web"), discovered("web"))
    await world.happens("source-here", looked(["web"]), looked(["web"]), looked(["web", "new"]), looked(["new"]))
    await world.happens("source-here", looked(), looked(many), looked(many.slice(1)), looked())
    expect(await world.told()).toEqual([
      "raised target-unreachable web",
      "raised target-unreachable new",
      "resolved target-unreachable web",
      "resolved target-unreachable new",
      "raised target-unreachable here",
      "resolved target-unreachable here",
    ])
    const { items } = await asker<Answer>(world.fleet)("alerts", { all: true, severity: "critical" })
    expect(items).toMatchObject([{ title: '25 machines of "here" cannot be reached', count: 25 }])
  })

  it("tell of machines that complete looks do not find, until they are back", async () => {
    const world = await alerting()
    await world.happens(host("web"), discovered("web"), { type: "TargetUnseen", data: {} })
    await world.happens(host("web"), { type: "TargetReappeared", data: { from: "unseen" } })
    expect(await world.told()).toEqual(["raised target-unreachable web", "resolved target-unreachable web"])
  })

  it("tell of health below what is expected, and that it is well again only clearly above", async () => {
    const world = await alerting()
    const resource = (name: string, from: string, to: string) =>
      ({ type: "TargetResourceStatusChanged", data: { resource: name, from, to } }) as never
    const resources = { cpu: "healthy", memory: "healthy", "fs:/": "healthy" }
    await world.happens(host("web"), discovered("web", { resources }))
    await world.happens(host("web"), resource("cpu", "healthy", "critical"))
    expect(await world.told()).toEqual([])
    await world.happens(host("web"), resource("memory", "healthy", "warning"))
    expect(await world.told()).toEqual(["raised health-below web"])
    await world.happens(host("web"), resource("memory", "warning", "healthy"))
    expect(await world.told()).toEqual(["raised health-below web"])
    await world.happens(host("web"), resource("cpu", "critical", "warning"))
    expect(await world.told()).toEqual(["raised health-below web", "resolved health-below web"])
  })

  it("take back that health is low of a machine of which nothing is known any more", async () => {
    const world = await alerting({ alerts: { healthBelow: 0.9, without: ["service-failed"] } })
    await world.happens(host("web"), discovered("web"))
    await world.happens(service("nginx"), serviceOn("web", "nginx", "failed"))
    await world.happens(service("nginx"), { type: "ServiceRetired", data: { from: "observed" } })
    expect(await world.told()).toEqual(["raised health-below web", "resolved health-below web (withdrawn)"])
  })

  it("count a check that fails at a machine, and that it passes again, as its health", async () => {
    const world = await alerting()
    await world.happens(host("web"), discovered("web", { resources: { cpu: "critical" } }))
    const about = { kind: "target" as const, id: host("web").slice("target-".length) }
    const turned = (from: string, to: string) => {
      const event = checked("site", from, to)
      return { ...event, data: { ...event.data, about } } as typeof event
    }
    await world.happens(check("site"), turned("unknown", "failing"))
    await world.happens(check("site"), turned("failing", "passing"))
    await world.happens(host("web"), {
      type: "TargetResourceStatusChanged",
      data: { resource: "cpu", from: "critical", to: "healthy" },
    })
    expect((await world.told()).filter((told) => told.includes("health-below"))).toEqual([
      "raised health-below web",
      "resolved health-below web",
    ])
  })

  it("tell of a host with another key once, and that it cannot be reached when that comes besides", async () => {
    const world = await alerting()
    await world.happens(host("nas"), discovered("nas", { access: { method: "ssh", offeredHostKey: null } }))
    const other = { type: "HostKeyChanged", data: { from: null, to: "SHA256:other" } } as const
    await world.happens(host("nas"), other)
    await world.happens("source-here", looked(["nas"], undefined, "HostKeyChanged"))
    expect(await world.told()).toEqual(["raised host-key-changed nas"])
    await world.happens("source-here", looked(["nas"]), looked(["nas"]))
    expect(await world.told()).toEqual(["raised host-key-changed nas", "raised target-unreachable nas"])
    await world.happens("source-here", looked())
    expect(await world.told()).toContain("resolved target-unreachable nas")
  })

  it("tell of a changed host key until it is the trusted one again", async () => {
    const world = await alerting()
    const offered = "/access/offeredHostKey"
    await world.happens(host("nas"), discovered("nas", { access: { method: "ssh" } }))
    await world.happens(host("nas"), targetChanged(offered, "SHA256:other", "add"), {
      type: "HostKeyChanged",
      data: { from: null, to: "SHA256:other" },
    })
    await world.happens(host("nas"), targetChanged(offered, null))
    expect(await world.told()).toEqual(["raised host-key-changed nas", "resolved host-key-changed nas"])
  })

  it("tell of mass absence when it begins, and of sources that fail or see nothing", async () => {
    const world = await alerting()
    const startedAt = world.clock.now()
    const failed = (code: string) =>
      ({ type: "DiscoveryFailed", data: { source: "here", startedAt, code, message: "no" } }) as const
    await world.happens("source-here", looked([], 7), looked([], 7), looked(), failed("Interrupted"), failed("Refused"))
    const blind = looked() as ReturnType<typeof looked> & { type: "DiscoveryCompleted" }
    const coverage = { ...blind.data.coverage, looked: {}, notLooked: { os: "not allowed" } }
    await world.happens("source-here", { ...blind, data: { ...blind.data, coverage } }, looked())
    expect(await world.told()).toEqual([
      "raised mass-absence here",
      "resolved mass-absence here",
      "raised discovery-failing here",
      "resolved discovery-failing here",
      "raised discovery-blind here",
      "resolved discovery-blind here",
    ])
  })
})

describe("what comes and goes", () => {
  it("is one episode, which is over when it has been calm for half an hour", async () => {
    const world = await withFailing()
    for (let flap = 0; flap < 5; flap++) {
      await world.passes(minute)
      await world.happens(check("site"), checked("site", "failing", "passing"))
      await world.passes(minute)
      await world.happens(check("site"), checked("site", "passing", "failing"))
    }
    await world.happens(check("site"), checked("site", "failing", "passing"))
    const first = ["raised check-failing site", "resolved check-failing site", "raised check-failing site"]
    await world.passes(29 * minute)
    expect(await world.told()).toEqual(first)
    await world.passes(2 * minute)
    expect(await world.told()).toEqual([...first, "resolved check-failing site"])
  })
})

describe("certificates", () => {
  it("are told when the time has come, though nobody was there then, and until another one is shown", async () => {
    const folder = await tempFolder()
    const certificate = (notAfter: string) => ({ subject: "CN=web", notAfter })
    const world = await alerting({}, folder)
    const first = { "cert:443": certificate("2026-12-24T00:00:00Z"), "cert:993": certificate("2027-12-24T00:00:00Z") }
    await world.happens(host("web"), discovered("web", { certificates: first }))
    await world.passes(16 * 24 * hour)
    expect(await world.told()).toEqual([])
    await world.passes(3 * 24 * hour)
    expect(await world.told()).toEqual(["raised certificate-expiring web cert:443"])
    await world.happens(host("web"), targetChanged("/certificates/cert:443/notAfter", "2027-03-24T00:00:00Z"))
    expect(await world.told()).toEqual([
      "raised certificate-expiring web cert:443",
      "resolved certificate-expiring web cert:443",
    ])
    const passed = await world.fleet.ledger.readStream("deadlines" as never, { limit: 10 })
    expect(passed.map(({ data }) => data)).toMatchObject([{ dueAt: "2026-12-10T00:00:00.000Z" }])
  })
})

describe("rules of one's own", () => {
  const rule = {
    name: "old-kernel",
    on: ["TargetChanged", "TargetDiscovered"],
    where: "kernel:5*",
    severity: "critical",
    title: "{name} runs an old kernel",
    for: "10m",
  }
  const kernel = (value: string) => targetChanged("/os/kernel", value)

  it("hold for as long as they say, and end when what they ask for is not so any more", async () => {
    const world = await alerting({ alerts: { rules: [rule] } })
    await world.happens(host("web"), discovered("web", { os: { kernel: "5.10" } }))
    await world.happens(host("db"), discovered("db", { os: { kernel: "5.10" } }))
    await world.passes(9 * minute)
    await world.happens(host("db"), kernel("6.1"))
    await world.passes(2 * minute)
    expect(await world.told()).toEqual(["raised old-kernel web"])
    await world.happens(host("web"), kernel("6.1"))
    expect(await world.told()).toEqual(["raised old-kernel web", "resolved old-kernel web"])
    const { items } = await asker<Answer>(world.fleet)("alerts", { rule: "old-kernel", all: true })
    expect(items).toMatchObject([{ title: "web runs an old kernel", severity: "critical", state: "resolved" }])
  })

  it("mean by a field what their events are about: the status of a service, and none of a machine", async () => {
    const { for: _, ...atOnce } = rule
    const stopped = { ...atOnce, on: ["ServiceStateChanged"], where: "status:stopped target.name:web" }
    const world = await alerting({ alerts: { rules: [stopped] } })
    await world.happens(host("web"), discovered("web", {}))
    await world.happens(service("nginx"), serviceOn("web", "nginx"))
    await world.happens(service("nginx"), stateChanged("running", "stopped"))
    await world.happens(service("nginx"), stateChanged("stopped", "running"))
    expect(await world.told()).toEqual(["raised old-kernel nginx", "resolved old-kernel nginx"])
  })

  it.each([
    [{ ...rule, where: "kernle:5*" }, "InvalidConfig", /yaml:1:\d+: .*old-kernel.*kernel/],
    [{ ...rule, on: ["ServiceStateChanged"], where: "kernel:5*" }, "InvalidConfig", /old-kernel.*kernel/],
    [{ ...rule, on: ["TargetChangd"] }, "InvalidConfig", /TargetChang/],
    [{ ...rule, name: "check-failing" }, "InvalidConfig", /check-failing/],
  ])("are refused where they are wrong", async (wrong, code, message) => {
    const folder = await tempFolder()
    const refusal = await refusalOf(() => open(folder, JSON.stringify({ alerts: { rules: [wrong] } })))
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

describe("people", () => {
  it("take alerts on, have nobody told of them for a while, and resolve them, each with who and why", async () => {
    const world = await withFailing()
    const { fleet, clock } = world
    const ask = asker<Answer>(fleet)
    const [alert] = (await ask("alerts")).items
    const before = (await fleet.ledger.head()).position
    const id = String(alert?.["id"]).slice(0, 8)
    await ask("alert acknowledge", { alert: id, reason: "on it" })
    await ask("alert acknowledge", { alert: id, reason: "again" })
    expect(await ask("alerts", { state: "acknowledged" })).toMatchObject({ items: [{ acknowledgedBy: "user:ada" }] })
    await ask("alert silence", { alert: id, until: "2h" })
    expect((await ask("alerts")).items).toMatchObject([{ state: "silenced" }])
    clock.advance(3 * hour)
    expect((await ask("alerts")).items).toMatchObject([{ state: "acknowledged" }])
    await ask("alert resolve", { alert: id, reason: "a test" })
    expect((await ask("alerts")).items).toEqual([])
    expect((await ask("alerts", { at: `position:${before}` })).items).toMatchObject([{ state: "open" }])
    expect(await world.told()).toEqual([
      "raised check-failing site",
      "acknowledged check-failing site",
      "silenced check-failing site",
      "resolved check-failing site (hand)",
    ])
    const shown = tableOf("alert show", await ask("alert show", { alert: id }))
    expect(shown).toMatch(
      /acknowledged by user:ada: on it\n.*silenced until .*\n.*resolved by hand by user:ada: a test/,
    )
    expect(tableOf("alerts", await ask("alerts", { all: true }))).toMatch(/ID +SEVERITY.*\n\w{8} +warning +resolved/)
    expect(await refusalOf(() => ask("alert silence", { alert: id, until: "2h" }))).toMatchObject({
      code: "InvalidInput",
    })
    expect(await refusalOf(() => ask("alert show", { alert: "ffffffff" }))).toMatchObject({ code: "NotFound" })
  })

  it("who resolve what is still wrong are told when it comes again, not of what was", async () => {
    const world = await withFailing()
    const ask = asker<Answer>(world.fleet)
    await ask("alert resolve", { alert: (await ask("alerts")).items[0]?.["id"] })
    await world.happens(check("site"), checked("site", "failing", "passing"), checked("site", "passing", "failing"))
    expect(await world.told()).toEqual([
      "raised check-failing site",
      "resolved check-failing site (hand)",
      "raised check-failing site",
    ])
  })

  it("who take nothing on have it escalated, step by step, once a silence is over", async () => {
    const world = await withFailing("site", { alerts: { escalate: ["1h", "2h"] } })
    const ask = asker<Answer>(world.fleet)
    const [alert] = (await ask("alerts")).items
    await world.passes(50 * minute)
    await ask("alert silence", { alert: alert?.["id"], until: "30m" })
    await world.passes(20 * minute)
    expect((await world.told()).at(-1)).toBe("silenced check-failing site")
    await world.passes(15 * minute)
    await world.passes(5 * hour)
    expect((await world.told()).slice(2)).toEqual(["escalated check-failing site", "escalated check-failing site"])
    expect((await ask("alerts")).items).toMatchObject([{ step: 2 }])
    await world.happens(check("mail"), checked("mail", "unknown", "failing"))
    await ask("alert acknowledge", { alert: (await ask("alerts", { state: "open" })).items.at(0)?.["id"] })
    await world.passes(5 * hour)
    expect((await world.told()).slice(4)).toEqual(["raised check-failing mail", "acknowledged check-failing mail"])
  })
})

describe("maintenance", () => {
  it("has nobody told of what is about its machines, while it lasts", async () => {
    const world = await alerting()
    const { fleet, clock } = world
    const ask = asker<Answer>(fleet)
    await world.happens(host("web"), discovered("web"))
    await world.happens(host("db"), discovered("db"))
    const { id } = await ask("maintenance plan", { until: "2h", where: "name:web", reason: "upgrade" })
    await world.happens("source-here", looked(["web", "db"]))
    expect(await world.told()).toEqual(["raised target-unreachable web", "raised target-unreachable db"])
    expect(tableOf("maintenance list", await ask("maintenance list"))).toMatch(/true +name:web +user:ada +upgrade/)
    expect(await refusalOf(() => ask("maintenance plan", { until: "2h", where: "nmae:web" }))).toMatchObject({
      code: "InvalidQuery",
    })
    expect(await refusalOf(() => ask("maintenance plan", { until: "1h", from: "2h" }))).toMatchObject({
      code: "InvalidInput",
    })
    await ask("maintenance end", { id })
    expect((await ask("maintenance list")).items).toEqual([])
    expect(await refusalOf(() => ask("maintenance end", { id }))).toMatchObject({ code: "NotFound" })
    clock.advance(hour)
    expect((await ask("maintenance list", { at: "position:5" })).items).toHaveLength(1)
  })
})

describe("a handler that is asked again", () => {
  it("raises nothing twice, and decides as it did", async () => {
    const world = await withFailing()
    await world.happens(check("site"), checked("site", "failing", "passing"))
    await world.happens(host("web"), discovered("web"))
    await world.happens("source-here", looked(["web"]), looked())
    const before = await world.told()
    const { position: head } = await world.fleet.ledger.head()
    await world.fleet.subscriptions.replay("alerts", 1 as Position)
    await world.settled()
    expect(await world.told()).toEqual(before)
    expect((await world.fleet.ledger.head()).position).toBe(head)
  })
})
