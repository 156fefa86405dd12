/** Reports as of any point: they tell what the parts that they are made of tell, and go on telling it. */
import { describe, expect, it } from "vitest"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type StreamName, recordId } from "#kernel/ids.js"
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

describe.each(["summary", "health"])("a report (%s)", (kind) => {
  it("of a point is the same whatever came after it, in every format", async () => {
    const clock = new TestClock()
    const fleet = await open(await tempFolder(), "{}", clock)
    await unwell(fleet, 3)
    const { at } = await reportOn(fleet, kind)
    const asked = { kind, at: at.time, since: "position:0" }
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
    expect(await reported(fleet, { kind, format: "md" })).not.toBe(then[0])
  })

  it("can be made of an empty ledger", async () => {
    const fleet = await open(await tempFolder())
    expect((await reportOn(fleet, kind)).sections.length).toBeGreaterThan(3)
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

describe("whoever takes a report", () => {
  it("is written down, and is given a page that can do nothing", async () => {
    const { ask, token, fleet } = await door()
    const response = await ask("/api/v1/reports/health?format=html", { token: await token("read") })
    expect(response.statusCode).toBe(200)
    expect(response.headers["content-type"]).toBe("text/html; charset=utf-8")
    expect(response.headers["content-security-policy"]).toMatch(/default-src 'none'.*sandbox/)
    const { items } = await asker<{ items: { what: string }[] }>(fleet)("access")
    expect(items.at(-1)).toMatchObject({ what: "report health" })
  })
})
