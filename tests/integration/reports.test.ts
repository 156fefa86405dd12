/** Reports as of any point: they tell what the parts that they are made of tell, and go on telling it. */
import { describe, expect, it } from "vitest"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import { isOfPeriod, reportKinds } from "#reports/kinds.js"
import type { Cell } from "#reports/report.js"
import { asker } from "#tests/support/asker.js"
import { door } from "#tests/support/door.js"
import { open } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { reportOn, reported, sectionOf } from "#tests/support/reports.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"

type Happened = Pick<NewEvent, "type" | "data">

const metadata = { actor: "discovery", source: "here" }

async function append(fleet: Fleet, name: string, event: Happened): Promise<number> {
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
) {
  const id = recordId("here", kind, name)
  const type = { target: "TargetDiscovered", service: "ServiceDiscovered", stack: "StackDiscovered" }[kind]
  const runtime = kind === "target" ? {} : { runtime: kind === "stack" ? "compose" : "docker" }
  const known = { lifecycle: "observed", ...document, identity: { name, ...runtime } }
  const data = {
    source: "here",
    nativeKey: name,
    generation: 0,
    ...(target !== undefined && { target }),
    document: known,
  }
  await append(fleet, `${kind}-${id}`, { type, data } as unknown as Happened)
  return id
}

const nameIn = (cell: Cell | undefined) => (typeof cell === "object" && cell !== null ? cell.name : cell)
const column = (rows: readonly Readonly<Record<string, Cell>>[] | undefined, name: string) =>
  (rows ?? []).map((row) => nameIn(row[name]))

interface List {
  readonly items: readonly { readonly entity: { readonly name: string }; readonly score: number | null }[]
}

async function unwell(fleet: Fleet, machines: number): Promise<void> {
  for (let no = 0; no < machines; no++) {
    const host = await discovered(fleet, "target", `web-${no}`, {
      resources: { cpu: no % 3 === 0 ? "critical" : "healthy" },
    })
    const state = { status: no % 2 === 0 ? "failed" : "running" }
    await discovered(fleet, "service", `api-${no}`, { state, config: { stack: "shop", stackService: "api" } }, host)
    await discovered(fleet, "stack", `shop-${no}`, {}, host)
  }
}

describe("a report on health", () => {
  it("tells the worst as `health` does, with the event, and counts the rest", async () => {
    const fleet = await open(await tempFolder())
    await unwell(fleet, 9)
    const { items } = await asker<List>(fleet)("health")
    const made = await reportOn(fleet, "health", { limit: 4 })
    const { table } = sectionOf(made, "Machines that are not well, worst first")
    expect(table?.total).toBe(9)
    expect(column(table?.rows, "machine")).toEqual(items.slice(0, 4).map(({ entity }) => entity.name))
    expect(table?.rows[0]).toMatchObject({ score: items[0]?.score, why: expect.stringContaining("cpu is critical") })
    expect(table?.rows[0]?.["position"]).toBeGreaterThanOrEqual(0)
    const services = sectionOf(made, "Failed services")
    expect([services.table?.total, services.table?.rows.length]).toEqual([5, 4])
    const found = await asker<{ items: object[] }>(fleet)("search", { ...services.query })
    expect(found.items).toHaveLength(5)
  })
})

describe.each(reportKinds)("a report (%s)", (kind) => {
  it("of a point is the same whatever came after it, in every format", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "{}", clock)
    await unwell(fleet, 3)
    const { at } = await reportOn(fleet, kind)
    const asked = { kind, at: at.time, ...(isOfPeriod(kind) && { since: "position:0" }) }
    const formats = ["md", "html", "json", "csv"]
    clock.advance(60_000)
    const then = await Promise.all(formats.map((format) => reported(fleet, { ...asked, format })))
    const changed = { resource: "cpu", from: "critical", to: "healthy" } as const
    await append(fleet, `target-${recordId("here", "target", "web-0")}`, {
      type: "TargetResourceStatusChanged",
      data: changed,
    })
    clock.advance(86_400_000)
    const later = await Promise.all(formats.map((format) => reported(fleet, { ...asked, format })))
    expect(later).toEqual(then)
    const now = await reported(fleet, { kind, format: "md" })
    expect(now).not.toBe(then[0])
  })

  it("can be made of an empty ledger", async () => {
    const fleet = await open(await tempFolder())
    expect((await reportOn(fleet, kind)).sections.length).toBeGreaterThan(2)
  })
})

describe("a report on security", () => {
  it("tells the findings that `security` lists, in their order, with the event that each rests on", async () => {
    const fleet = await open(await tempFolder())
    const sshd = { "sshd:permitemptypasswords": { value: "yes" }, "sshd:passwordauthentication": { value: "yes" } }
    const host = await discovered(fleet, "target", "web-1", { security: { sshd } })
    await discovered(fleet, "service", "proxy", { container: { privileged: true, image: "nginx:latest" } }, host)
    type Finding = { rule: string; position: number; entity: { name: string } }
    const { items } = await asker<{ items: Finding[] }>(fleet)("security", { severity: "info" })
    const { table } = sectionOf(await reportOn(fleet, "security"), "Findings, severest first")
    expect(table?.rows.map((row) => [row["rule"], nameIn(row["of"]), row["position"]])).toEqual(
      items.map(({ rule, entity, position }) => [rule, entity.name, position]),
    )
    expect(items.length).toBeGreaterThan(3)
  })
})

describe("a report on drift", () => {
  it("tells what `drift` lists, gravest first, and that nothing is expected where nobody said anything", async () => {
    const fleet = await open(await tempFolder())
    await discovered(fleet, "target", "web-1", { os: { kernel: "6.1.0" }, security: { firewall: null } })
    const none = sectionOf(await reportOn(fleet, "drift"), "Against the baselines in force")
    expect(none.text).toMatch(/^No baseline is in force/)
    const rule = (name: string, severity: string, expectation: string) =>
      `- { name: ${name}, kind: target, severity: ${severity}, expect: '${expectation}' }\n`
    const rules =
      rule("kernel", "warning", 'os.kernel == "6.1.9"') + rule("walled", "critical", "security.firewall != null")
    await asker(fleet)("rules adopt", { name: "ours", rules })
    const made = await reportOn(fleet, "drift")
    const { table } = sectionOf(made, "What is not as it is meant to be, gravest first")
    expect(column(table?.rows, "rule")).toEqual(["walled", "kernel"])
    expect(table?.rows[1]).toMatchObject({
      field: "/os/kernel",
      actual: "6.1.0",
      by: "discovery",
      position: expect.any(Number),
    })
    expect((await asker<{ items: object[] }>(fleet)("drift")).items).toHaveLength(table?.total ?? 0)
  })
})

describe("a report on dependencies", () => {
  it("names who waits in a circle, for what is not there, and for what does not run", async () => {
    const fleet = await open(await tempFolder())
    const host = await discovered(fleet, "target", "web-1", {
      guest: { kind: "qemu", cluster: "pve", node: "pve-1" },
    })
    await discovered(fleet, "target", "web-2", { guest: { kind: "qemu", cluster: "pve", node: "pve-9" } })
    await discovered(fleet, "target", "pve-1", { hypervisor: { cluster: "pve" } })
    const service = (name: string, status: string, ...others: string[]) => {
      const dependsOn = Object.fromEntries(
        others.map((other) => [`service:${other}`, { condition: "service_started" }]),
      )
      return discovered(
        fleet,
        "service",
        `shop-${name}`,
        { state: { status }, config: { stack: "shop", stackService: name, dependsOn } },
        host,
      )
    }
    await service("web", "running", "api")
    await service("api", "running", "queue", "vault")
    await service("queue", "running", "api", "db")
    await service("db", "failed")
    const made = await reportOn(fleet, "dependencies")
    const rows = (title: string) => sectionOf(made, title).table?.rows ?? []
    expect(rows("Services that wait in a circle")).toMatchObject([{ stack: "shop", circle: "api → queue → api" }])
    expect(column(rows("Services that wait in a circle"), "machine")).toEqual(["web-1"])
    expect(rows("Services that wait for what is not there")).toMatchObject([{ "waits for": "vault" }])
    expect(rows("Services that wait for what does not run")).toMatchObject([{ "waits for": "db", status: "failed" }])
    expect(column(rows("Services that most others wait for"), "service")[0]).toBe("shop-api")
    expect(column(rows("Guests on a machine that nobody knows"), "guest")).toEqual(["web-2"])
    expect(rows("Machines that most guests run on")).toMatchObject([{ guests: 1 }])
  })
})

describe("a report on resources", () => {
  it("adds up what there is, and names who is short of what", async () => {
    const fleet = await open(await tempFolder())
    const hardware = { cpuCores: 4, memoryMiB: 8_192 }
    await discovered(fleet, "target", "web-1", { hardware, resources: { cpu: "healthy", memory: "healthy" } })
    await discovered(fleet, "target", "web-2", { hardware, resources: { cpu: "warning", "fs:/": "critical" } })
    const made = await reportOn(fleet, "resources")
    expect(sectionOf(made, "What there is").figures.map(({ value }) => value)).toEqual([8, 16])
    const { table } = sectionOf(made, "Machines that are short of something, worst first")
    expect(table?.rows).toMatchObject([{ critical: "fs:/", warning: "cpu" }])
  })
})

describe("a report on changes", () => {
  it("counts what `diff` counts, names what was lost, and who changed what", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "{}", clock)
    await unwell(fleet, 3)
    const since = `position:${(await fleet.ledger.head()).position}`
    clock.advance(3_600_000)
    await append(fleet, `target-${recordId("here", "target", "web-1")}`, {
      type: "TargetRetired",
      data: { from: "observed" },
    } as unknown as Happened)
    const state = { from: "running", to: "failed" } as const
    await append(fleet, `service-${recordId("here", "service", "api-1")}`, { type: "ServiceStateChanged", data: state })
    await discovered(fleet, "target", "web-9", {})
    const { summary } = await asker<{ summary: Record<string, number> }>(fleet)("diff", { from: since })
    const made = await reportOn(fleet, "changes", { since })
    const rows = sectionOf(made, "What differs between its ends").table?.rows ?? []
    const sum = (change: string) => rows.reduce((all, row) => all + Number(row[change]), 0)
    expect({ created: sum("created"), modified: sum("modified"), removed: sum("removed") }).toEqual(summary)
    expect(column(sectionOf(made, "Removed").table?.rows, "name")).toContain("web-1")
    expect(column(sectionOf(made, "New").table?.rows, "name")).toEqual(["web-9"])
    expect(column(sectionOf(made, "What was lost, heaviest first").table?.rows, "of")).toContain("web-1")
    const grave = sectionOf(made, "Changes that ask for attention, newest first").table?.rows ?? []
    expect(grave[0]).toMatchObject({ severity: "critical", what: "state.status: running → failed", by: "discovery" })
  })
})

describe("a report on coverage", () => {
  it("tells of each source what it could not look at and why, and of machines since when nobody saw them", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "{}", clock)
    await discovered(fleet, "target", "web-1", {})
    const coverage = {
      rights: "user:fleet",
      looked: { os: true },
      notLooked: { "/security/sshd": "only root may" },
      complete: { target: true, service: false },
      failed: [{ target: "web-2", code: "SourceUnavailable", message: "it does not answer" }],
    }
    const data = { source: "here", startedAt: clock.now(), coverage, targets: 1, services: 0, changes: 0 }
    await append(fleet, "source-here", { type: "DiscoveryCompleted", data } as unknown as Happened)
    await append(fleet, "source-pve", {
      type: "DiscoveryFailed",
      data: { source: "pve", startedAt: clock.now(), code: "SourceUnavailable", message: "nobody is there" },
    })
    const rows = async (title: string) => sectionOf(await reportOn(fleet, "coverage"), title).table?.rows ?? []
    expect(await rows("Sources, by the account of their last look")).toMatchObject([
      { source: "pve", outcome: "failed", why: "SourceUnavailable: nobody is there" },
      { source: "here", outcome: "completed", "could not": 1 },
    ])
    expect(await rows("Machines that could not be looked at")).toMatchObject([
      { machine: "web-2", why: "it does not answer" },
    ])
    expect(await rows("What was not looked at")).toMatchObject([
      { field: "/security/sshd", machines: 1, why: "only root may" },
    ])
    expect(await rows("Sources that did not see all there is")).toMatchObject([
      { source: "here", "of which not all": "service" },
    ])
    expect(await rows("Machines that were not seen for too long, longest first")).toEqual([])
    clock.advance(7 * 86_400_000)
    expect(column(await rows("Machines that were not seen for too long, longest first"), "machine")).toEqual(["web-1"])
  })
})

describe("a period", () => {
  it("that ends before it begins is none", async () => {
    const fleet = await open(await tempFolder())
    await unwell(fleet, 1)
    const refusal = await refusalOf(() => reportOn(fleet, "summary", { since: "position:3", at: "position:1" }))
    expect(refusal).toMatchObject({ code: "InvalidInput", message: expect.stringContaining("since") })
  })
})

describe("a report that is about a point alone", () => {
  it("takes no beginning", async () => {
    const fleet = await open(await tempFolder())
    const refusal = await refusalOf(() => reportOn(fleet, "security", { since: "position:0" }))
    expect(refusal).toMatchObject({ code: "InvalidInput", message: expect.stringContaining("since") })
  })
})

describe("whoever takes a report", () => {
  it("is written down, and is given a page that can do nothing", async () => {
    const { ask, token, fleet } = await door()
    const response = await ask("/api/v1/reports/health?format=html", { token: await token("read") })
    expect(response.statusCode).toBe(200)
    expect(response.headers["content-type"]).toBe("text/html; charset=utf-8")
    expect(response.headers["content-security-policy"]).toMatch(/default-src 'none'.*sandbox/)
    const { items } = await asker<{ items: { what: string }[] }>(fleet)("access")
    expect(items.at(-1)).toMatchObject({ what: "report health" })
    const { table } = sectionOf(await reportOn(fleet, "access", { since: "position:0" }), "Newest first")
    expect(column(table?.rows, "what")).toContain("report health")
  })
})
