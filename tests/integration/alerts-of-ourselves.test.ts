/** What is told of the program itself: sources that fall silent, a ledger that is not what was signed, and whoever does not keep up with it. */
import * as path from "node:path"
import { tellLag } from "#alerts/lag.js"
import { endRemoved } from "#alerts/removed.js"
import { sleep } from "#kernel/sleep.js"
import { keepVerified, verifyAndTell } from "#sealing/keep-verified.js"
import { type Alerting, alerting, discovered, host, looked } from "#tests/support/alerting.js"
import { asker } from "#tests/support/asker.js"
import { stream } from "#tests/support/sample-events.js"
import { replace, tamper } from "#tests/support/tampering.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it } from "vitest"

const hour = 3_600_000
const forever = new AbortController().signal
const failed = {
  type: "DiscoveryFailed",
  data: { source: "here", startedAt: "2026-11-23T13:59:00.000Z", code: "SourceUnavailable", message: "no answer" },
} as const

const lookedAt = (source: string) => ({ ...looked(), data: { ...looked().data, source } }) as typeof failed

/** As `passes` does, hour by hour. */
async function hoursPass(world: Alerting, hours: number): Promise<void> {
  for (let each = 0; each < hours; each++) await world.passes(hour)
}

describe("a source", () => {
  it("is told when nothing was heard of it for long, and is over when something is", async () => {
    const world = await alerting({ alerts: { without: ["discovery-failing"], escalate: [] } })
    await world.happens("source-here", looked())
    await hoursPass(world, 2)
    await world.happens("source-here", failed)
    await hoursPass(world, 2)
    expect(await world.told()).toEqual([])
    await hoursPass(world, 2)
    expect(await world.told()).toEqual(["raised source-silent here"])
    await hoursPass(world, 5)
    await world.happens("source-here", looked())
    expect(await world.told()).toEqual(["raised source-silent here", "resolved source-silent here"])
  })

  it("is not told where nobody was here who could have looked, nor if it is seldom looked at or not at all", async () => {
    const world = await alerting({
      alerts: { escalate: [] },
      sources: [
        { name: "here", kind: "local" },
        { name: "daily", kind: "local", every: "1d" },
      ],
    })
    for (const source of ["here", "daily", "import.csv"]) await world.happens(`source-${source}`, lookedAt(source))
    await world.passes(48 * hour)
    expect(await world.told()).toEqual([])
    await hoursPass(world, 4)
    expect(await world.told()).toEqual(["raised source-silent here"])
    await hoursPass(world, 24)
    expect(await world.told()).toEqual(["raised source-silent here", "raised source-silent daily"])
  })
})

describe("a source that was taken out of the configuration", () => {
  const sources = (...names: string[]) => ({
    alerts: { escalate: [] },
    sources: names.map((name) => ({ name, kind: "local" })),
  })

  it("is told as silent no more once it is not looked at here; one that stays is", async () => {
    const folder = await tempFolder()
    const before = await alerting(sources("here", "there"), folder)
    for (const source of ["here", "there"]) await before.happens(`source-${source}`, lookedAt(source))
    await hoursPass(before, 4)
    await endRemoved(before.fleet)
    const silent = ["raised source-silent here", "raised source-silent there"]
    expect(await before.told()).toEqual(silent)
    await before.fleet.close()

    const after = await alerting(sources("here"), folder)
    await hoursPass(after, 4)
    for (let time = 0; time < 2; time++) await endRemoved(after.fleet)
    await after.settled()
    expect(await after.told()).toEqual([...silent, "resolved source-silent there (withdrawn)"])
    const { position } = await after.fleet.ledger.head()
    await endRemoved(after.fleet)
    expect((await after.fleet.ledger.head()).position).toBe(position)
  })

  it("is left alone as long as somebody else looks at it", async () => {
    const world = await alerting(sources("other"))
    await world.happens("source-here", failed)
    await world.passes(2 * hour)
    await endRemoved(world.fleet)
    expect(await world.told()).toEqual(["raised discovery-failing here"])
    await world.passes(2 * hour)
    await endRemoved(world.fleet)
    expect(await world.told()).toEqual(["raised discovery-failing here", "resolved discovery-failing here (withdrawn)"])
  })
})

describe("the ledger", () => {
  it("is told once when it is not what was signed, and again when it is", async () => {
    const folder = await tempFolder()
    const world = await alerting({}, folder)
    const { fleet } = world
    await world.happens(host("web"), discovered("web"))
    const { position } = await fleet.ledger.head()
    await fleet.sealing.now()
    const before = await fleet.ledger.head()
    expect((await verifyAndTell(fleet, forever)).wrong).toBe(null)
    expect(await fleet.ledger.head()).toEqual(before)
    const file = path.join(folder, "data", "ledger.db")
    tamper(file, replace("data", position, '"web"', '"bad"'))
    for (let time = 0; time < 3; time++) await verifyAndTell(fleet, forever)
    await world.settled()
    expect(await world.told()).toEqual(["raised ledger-verification ledger"])
    const { items } = await asker<{ items: object[] }>(fleet)("alerts")
    expect(items).toMatchObject([{ severity: "critical", title: expect.stringContaining("its leaf is not that of") }])
    tamper(file, replace("data", position, '"bad"', '"web"'))
    await verifyAndTell(fleet, forever)
    await world.settled()
    expect(await world.told()).toEqual(["raised ledger-verification ledger", "resolved ledger-verification ledger"])
    expect((await verifyAndTell(fleet, forever)).wrong).toBe(null)
  })

  it("is verified a while after the start and then as often as is asked for, where it is this instance's turn", async () => {
    const { fleet } = await alerting()
    const waits: number[] = []
    let [turns, verified] = [0, 0]
    const noted = async (ms: number) => void waits.push(ms)
    const kept = keepVerified(
      fleet,
      { everyMs: 24 * hour, isOurs: () => turns++ % 2 === 0, sleep: noted },
      { verified: () => (verified += 1), failed: (error) => expect.fail(String(error)) },
    )
    await until(() => turns > 5)
    await kept.stop()
    expect(waits.slice(0, 4)).toEqual([60_000, 24 * hour, 24 * hour, 24 * hour])
    expect(verified).toBeGreaterThanOrEqual(2)
    expect(verified).toBeLessThan(turns)
  })

  it("is verified in a tenth of the time at most, as others ask meanwhile", async () => {
    const { fleet } = await alerting()
    const changes = Array.from({ length: 100 }, (_, n) => discovered(`web-${n}`))
    for (const [n, event] of changes.entries()) {
      const whole = { ...event, metadata: { actor: "discovery", source: "here" }, observedAt: fleet.clock.now() }
      await fleet.ledger.append(stream(host(`web-${n}`)), -1, [whole], "web")
    }
    const [pages, busyMs]: [number[], number] = [[], 10]
    const readStored: typeof fleet.ledger.readStored = async (asked) => {
      pages.push(performance.now())
      while (performance.now() - (pages.at(-1) ?? 0) < busyMs);
      return fleet.ledger.readStored(asked)
    }
    const ledger = new Proxy(fleet.ledger, {
      get: (target, asked) => {
        const value: unknown = asked === "readStored" ? readStored : Reflect.get(target, asked)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
    let verified = 0
    const kept = keepVerified(
      { ...fleet, ledger },
      { everyMs: hour, isOurs: () => true, sleep: (ms, signal) => sleep(ms < hour ? 0 : ms, signal) },
      { verified: () => (verified += 1), failed: (error) => expect.fail(String(error)) },
    )
    await until(() => verified === 1)
    await kept.stop()
    expect(pages.length).toBeGreaterThan(2)
    for (const [page, next] of pages.slice(1).map((time, index) => [pages[index] ?? 0, time] as const))
      expect(next - page).toBeGreaterThanOrEqual(10 * busyMs)
  })
})

describe("a handler", () => {
  it("that is behind for long is told once, until it has caught up", async () => {
    const channel = { name: "hook", kind: "webhook", url: "http://127.0.0.1:9/" }
    const world = await alerting({ alerts: { channels: [channel] } })
    const { fleet } = world
    await fleet.subscriptions.pause("delivery")
    const name = stream(host("web"))
    const [event, metadata] = [discovered("web"), { actor: "discovery", source: "here" }]
    await fleet.ledger.append(name, -1, [{ ...event, metadata, observedAt: world.clock.now() }], "web")
    await until(async () =>
      (await fleet.subscriptions.list()).every(({ name: of, lag }) => of === "delivery" || lag === 0),
    )
    await tellLag(fleet)
    world.clock.advance(10 * 60_000)
    await tellLag(fleet)
    expect(await world.told()).toEqual([])
    world.clock.advance(6 * 60_000)
    for (let time = 0; time < 3; time++) {
      await tellLag(fleet)
      world.clock.advance(60_000)
    }
    expect(await world.told()).toEqual(["raised subscription-lag delivery"])
    await fleet.subscriptions.resume("delivery")
    await world.settled()
    for (let time = 0; time < 2; time++) await tellLag(fleet)
    expect(await world.told()).toEqual(["raised subscription-lag delivery", "resolved subscription-lag delivery"])
  })
})
