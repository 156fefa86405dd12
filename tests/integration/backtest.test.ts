/** What rules would have raised, gone through again; and what is told of drift and of changes that nobody announced. */
import { tableOf } from "#cli/tables.js"
import type { FleetEvent } from "#events/catalog.js"
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
import { FleetError } from "#kernel/errors.js"
import { asker } from "#tests/support/asker.js"
import { often } from "#tests/support/often.js"
import { refusalOf } from "#tests/support/refusal.js"
import { assert, asyncProperty, array, constantFrom } from "fast-check"
import { describe, expect, it } from "vitest"

const minute = 60_000

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
}

const nginx = (version: string): FleetEvent => ({
  type: "TargetChanged",
  data: { facet: "packages", patch: [{ op: "add", path: "/packages/pkg:nginx", value: { version } }] },
})
const toldOf = async (world: Alerting, rule: string) => (await world.told()).filter((told) => told.includes(rule))

/** What was raised, and when it was over, as the ledger has it. */
async function live({ fleet }: Alerting) {
  const { items } = await asker<Answer>(fleet)("alerts", { all: true, limit: 1_000 })
  return items.map(({ id, title, state }) => ({ id, title, isOver: state === "resolved" })).toSorted(byId)
}

async function again({ fleet }: Alerting) {
  const { items } = await asker<Answer>(fleet)("backtest")
  expect(items.every(({ wasRaised }) => wasRaised)).toBe(true)
  return items.map(({ id, title, resolved }) => ({ id, title, isOver: resolved !== null })).toSorted(byId)
}

function byId(a: { id: unknown }, b: { id: unknown }): number {
  return String(a.id) < String(b.id) ? -1 : 1
}

type Doing = (world: Alerting) => Promise<unknown>

const doings: Readonly<Record<string, Doing>> = {
  "a check fails": (world) => world.happens(check("site"), checked("site", "passing", "failing")),
  "a check passes": (world) => world.happens(check("site"), checked("site", "failing", "passing")),
  "a service fails": (world) => world.happens(service("nginx"), stateChanged("running", "failed")),
  "a service runs": (world) => world.happens(service("nginx"), stateChanged("failed", "running")),
  "a machine cannot be reached": (world) => world.happens("source-here", looked(["web"])),
  "it can be": (world) => world.happens("source-here", looked()),
  "an old kernel": (world) => world.happens(host("web"), targetChanged("/os/kernel", "5.10")),
  "a new kernel": (world) => world.happens(host("web"), targetChanged("/os/kernel", "6.1")),
  "a disk fills up": (world) => world.happens(host("web"), resource("fs:/", "healthy", "critical")),
  "it has room": (world) => world.happens(host("web"), resource("fs:/", "critical", "healthy")),
  "it is busy": (world) => world.happens(host("web"), resource("cpu", "healthy", "critical")),
  "it is idle": (world) => world.happens(host("web"), resource("cpu", "critical", "healthy")),
  "a certificate for a week": (world) => world.happens(host("web"), certificate(world, 7)),
  "a certificate for a year": (world) => world.happens(host("web"), certificate(world, 365)),
  "it is pinned": (world) => says(world, "pin", { name: "golden", q: "name:web", field: "os" }),
  "it need not be so": (world) => says(world, "withdraw", { name: "golden" }),
  "a change is expected": (world) => says(world, "expect add", { q: "name:web", type: "TargetChanged", until: "+1h" }),
  "a minute passes": (world) => world.passes(minute),
  "an hour passes": (world) => world.passes(60 * minute),
  "somebody resolves": async (world) => {
    const ask = asker<Answer>(world.fleet)
    const [alert] = (await ask("alerts")).items
    if (alert !== undefined) await ask("alert resolve", { alert: alert["id"] })
    await world.settled()
  },
}

const resource = (of: string, from: string, to: string) =>
  ({ type: "TargetResourceStatusChanged", data: { resource: of, from, to } }) as FleetEvent

function certificate({ clock }: Alerting, days: number): FleetEvent {
  const value = { notAfter: new Date(Date.parse(clock.now()) + days * 86_400_000).toISOString() }
  const patch = [{ op: "add" as const, path: "/certificates/cert:443", value }]
  return { type: "TargetChanged", data: { facet: "certificates", patch } }
}

/** Where there is nothing to take back, nothing is. */
async function says(world: Alerting, what: string, input: Record<string, unknown>): Promise<void> {
  await asker(world.fleet)(what, input).catch((error: unknown) => {
    if (!(error instanceof FleetError && error.code === "NotFound")) throw error
  })
  await world.settled()
}

const ownRule = { name: "old-kernel", on: ["TargetChanged"], where: "kernel:5*", severity: "warning", for: "10m" }

describe("a back-test", () => {
  it("of all the past finds what was raised live, and that it was over", async () => {
    const some = array(constantFrom(...Object.keys(doings)), { minLength: 10, maxLength: 30 })
    const law = asyncProperty(some, async (names) => {
      const world = await alerting({ alerts: { rules: [ownRule] } })
      const resources = { cpu: "healthy", "fs:/": "healthy" }
      await world.happens(host("web"), discovered("web", { os: { kernel: "6.1" }, resources, certificates: {} }))
      await world.happens(service("nginx"), serviceOn("web", "nginx"))
      for (const name of names) await doings[name]?.(world)
      expect(await again(world)).toEqual(await live(world))
      await world.fleet.close()
    })
    await assert(law, { numRuns: often(5) })
  })

  it("tries a rule that is only thought of, and lets those deadlines pass that nobody told of", async () => {
    const world = await alerting()
    await world.happens(host("web"), discovered("web", { os: { kernel: "6.1" } }))
    await world.happens(host("web"), targetChanged("/os/kernel", "5.10"))
    await world.passes(20 * minute)
    await world.happens(host("web"), targetChanged("/os/kernel", "6.2"))
    const ask = asker<Answer>(world.fleet)
    const define =
      'rules:\n  - name: old-kernel\n    on: [TargetChanged]\n    where: "kernel:5*"\n    severity: warning\n'
    const answer = await ask("backtest", { define: `${define}    for: 10m\n` })
    expect(answer).toMatchObject({ rules: ["old-kernel"], raised: 1, open: 0 })
    expect(answer.items).toMatchObject([{ rule: "old-kernel", about: { name: "web" }, wasRaised: false }])
    expect(tableOf("backtest", answer)).toMatch(/warning +no +old-kernel: web\n.*1 alert from/)
    expect(await ask("backtest", { define: `${define}    for: 30m\n` })).toMatchObject({ raised: 0 })
    expect(await world.told()).toEqual([])
  })

  it.each([
    [{ define: "- name: old\n  on: [TargetChanged]\n  where: 'kernle:5*'\n  severity: warning" }, /line 3, column 11/],
    [
      { define: "- name: old\n  on: [TargetChanged]\n  severity: warning\n  wher: x" },
      /line 4, column 9.*did you mean "where"/,
    ],
    [{ rule: "chek-failing" }, /did you mean "check-failing"/],
    [{ from: "position:1", to: "position:0" }, /behind/],
  ])("is refused where what is asked is wrong", async (input, message) => {
    const world = await alerting()
    await world.happens(host("web"), discovered("web"), targetChanged("/os/kernel", "6.1", "add"))
    const refusal = await refusalOf(() => asker(world.fleet)("backtest", input))
    expect(refusal).toMatchObject({ message: expect.stringMatching(message) })
  })
})

describe("drift", () => {
  it("is told once, and over when it is mended or nobody asks for it any more", async () => {
    const world = await alerting()
    const ask = asker<Answer>(world.fleet)
    await world.happens(host("web"), discovered("web", { os: { kernel: "6.1" } }))
    await ask("pin", { name: "golden", q: "name:web", field: "os" })
    await world.settled()
    await world.happens(host("web"), targetChanged("/os/kernel", "6.2"))
    await world.happens(host("web"), targetChanged("/os/kernel", "6.3"))
    const raised = ["raised drift-found web golden"]
    expect(await toldOf(world, "drift-found")).toEqual(raised)
    await world.happens(host("web"), targetChanged("/os/kernel", "6.1"))
    const mended = [...raised, "resolved drift-found web golden"]
    expect(await toldOf(world, "drift-found")).toEqual(mended)
    await world.happens(host("web"), targetChanged("/os/kernel", "6.4"))
    await ask("withdraw", { name: "golden" })
    await world.settled()
    const withdrawn = [...mended, ...raised, "resolved drift-found web golden (withdrawn)"]
    expect(await toldOf(world, "drift-found")).toEqual(withdrawn)
    expect(await again(world)).toEqual(await live(world))
  })

  it("of many from what was just declared is told in one", async () => {
    const world = await alerting()
    const ask = asker<Answer>(world.fleet)
    const names = Array.from({ length: 25 }, (_, index) => `m${index}`)
    for (const name of names) await world.happens(host(name), discovered(name, { os: { kernel: "5.10" } }))
    const rules = "- name: kernel\n  kind: target\n  expect: os.kernel == '6.1'\n  severity: "
    await ask("rules adopt", { name: "usual", rules: `${rules}warning\n` })
    await world.settled()
    await ask("rules adopt", { name: "usual", rules: `${rules}critical\n` })
    await world.settled()
    expect(await toldOf(world, "drift-found")).toEqual(["raised drift-found everything usual"])
    const { items } = await ask("alerts", { rule: "drift-found" })
    expect(items).toMatchObject([{ title: '25 entities are not as "usual" says', count: 25 }])
  })
})

describe("a change", () => {
  const onlySurprises = { alerts: { without: ["drift-found"] } }

  it("of what was pinned is told where nobody said that it would come, as drift where that is told", async () => {
    for (const [configuration, rule] of [
      [onlySurprises, "unexpected-change web"],
      [{}, "drift-found web golden"],
    ] as const) {
      const world = await alerting(configuration)
      const ask = asker<Answer>(world.fleet)
      for (const name of ["web", "db", "toy"]) await world.happens(host(name), discovered(name))
      await ask("pin", { name: "golden", q: "name:web" })
      await ask("expect add", { q: "name:db", field: "packages", until: "+2h" })
      await world.settled()
      for (const name of ["web", "db", "toy"]) await world.happens(host(name), nginx("1"))
      expect(await world.told()).toEqual([`raised ${rule}`])
      expect(await again(world)).toEqual(await live(world))
    }
  })

  it("is over when all that was unannounced is as it was, which is no surprise", async () => {
    const world = await alerting(onlySurprises)
    const ask = asker<Answer>(world.fleet)
    await world.happens(host("web"), discovered("web", { os: { kernel: "6.1", id: "debian" } }))
    await ask("pin", { name: "golden" })
    await world.happens(host("web"), targetChanged("/os/kernel", "6.2"))
    await world.happens(host("web"), targetChanged("/os/id", "ubuntu"))
    await world.happens(host("web"), targetChanged("/os/kernel", "6.1"))
    expect(await world.told()).toEqual(["raised unexpected-change web"])
    await world.happens(host("web"), targetChanged("/os/id", "debian"))
    expect(await world.told()).toEqual(["raised unexpected-change web", "resolved unexpected-change web"])
    expect(await again(world)).toEqual(await live(world))
  })

  it.each([
    [
      "said to have been expected",
      "expect add",
      { q: "name:web", field: "os.kernel", from: "-1h", until: "+1h" },
      true,
    ],
    ["something else is", "expect add", { q: "name:web", field: "packages", from: "-1h", until: "+1h" }, false],
    ["expected from now on", "expect add", { q: "name:web", field: "os.kernel", until: "+1h" }, false],
    ["pinned with it", "pin", { name: "golden" }, true],
    ["pinned with it beside what was", "pin", { name: "silver" }, false],
    ["asked for no more", "withdraw", { name: "golden" }, true],
  ])("is over, or not, when it is %s", async (_, operation, input, isOver) => {
    const world = await alerting(onlySurprises)
    const ask = asker<Answer>(world.fleet)
    await world.happens(host("web"), discovered("web", { os: { kernel: "6.1" } }))
    await ask("pin", { name: "golden" })
    await world.happens(host("web"), targetChanged("/os/kernel", "6.2"))
    world.clock.advance(60_000)
    await ask(operation, input)
    await world.settled()
    const raised = "raised unexpected-change web"
    expect(await world.told()).toEqual(isOver ? [raised, "resolved unexpected-change web"] : [raised])
    expect(await again(world)).toEqual(await live(world))
  })
})
