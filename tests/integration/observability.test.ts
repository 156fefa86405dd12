/** How the program is doing, for machines that ask: metrics, readiness and the doctor. */
import { once } from "node:events"
import * as fs from "node:fs"
import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { acknowledge, raise, resolve } from "#tests/support/alerts.js"
import { asker } from "#tests/support/asker.js"
import { door } from "#tests/support/door.js"
import { open } from "#tests/support/folder-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"

/** Samples of Prometheus's text format by their name and labels. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  return new Map(
    lines.map((line): [string, number] => [
      line.slice(0, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  )
}

describe("metrics", () => {
  it("tell of ledger, views, handlers, sources and health, to whoever may read", async () => {
    const { ask, token, fleet } = await door()
    expect((await ask("/metrics")).statusCode).toBe(401)
    const answer = await ask("/metrics", { token: await token("read") })
    expect(answer.headers["content-type"]).toContain("text/plain; version=0.0.4")
    const samples = samplesIn(answer.body)
    const { position } = await fleet.ledger.head()
    expect(samples.get("fleet_ledger_events_total")).toBe(position + 1)
    expect(samples.get('fleet_ledger_dead_letters{handler="unwilling"}')).toBe(1)
    expect(samples.get('fleet_ledger_subscription_up{name="views"}')).toBe(1)
    expect(samples.get('fleet_ledger_entities{kind="service"}')).toBe(1)
    // No look has ever seen it.
    expect(samples.get("fleet_health_score")).toBe(0.5)
    expect(samples.get("unhealthy_targets")).toBe(1)
  })

  it("tell how long the ledger took to append, and each question to be answered", async () => {
    const { ask, token, fleet } = await door()
    const secret = await token("read")
    const counted = async (work: string) =>
      samplesIn((await ask("/metrics", { token: secret })).body).get(
        `fleet_ledger_work_duration_seconds_count{work="${work}"}`,
      ) ?? 0
    const before = await counted("append")
    await raise(fleet.ledger, "a")
    await ask("/api/v1/targets", { token: secret })
    expect(await counted("append")).toBeGreaterThan(before)
    expect(await counted("targets")).toBe(1)
  })

  it("tell of machines that were not seen for long as they are judged", async () => {
    const { ask, token, clock } = await door()
    clock.advance(30 * 86_400_000)
    const secret = await token("read")
    const { counts } = JSON.parse((await ask("/api/v1/health", { token: secret })).body) as {
      counts: { average: number; healthy: number; critical: number; warning: number }
    }
    expect(counts.healthy).toBe(0)
    const samples = samplesIn((await ask("/metrics", { token: secret })).body)
    expect(samples.get("fleet_health_score")).toBe(counts.average)
    expect(samples.get("unhealthy_targets")).toBe(counts.warning + counts.critical)
  })

  it("tell of alerts that are not resolved, by how severe they are and how they stand", async () => {
    const { ask, token, fleet } = await door()
    for (const name of ["a", "b", "c"]) await raise(fleet.ledger, name)
    await acknowledge(fleet.ledger, "b")
    await resolve(fleet.ledger, "c")
    await fleet.reached((await fleet.ledger.head()).position)
    const samples = samplesIn((await ask("/metrics", { token: await token("read") })).body)
    const alerts = (state: string) => samples.get(`fleet_ledger_alerts{severity="warning",state="${state}"}`)
    expect([alerts("open"), alerts("acknowledged"), alerts("resolved")]).toEqual([1, 1, undefined])
  })

  it("tell what each channel is owed, and what was given up", async () => {
    const { ask, token, fleet } = await door()
    const { outbox, deliveries } = fleet.ops
    const { position } = await fleet.ledger.head()
    await deliveries.enrol("hook", position)
    const row = { channel: "hook", position, group: "raised x", severity: "warning", arrivedAt: 0 }
    for (const id of ["first", "second", "third"]) outbox.owe({ ...row, id, alert: id })
    await outbox.form("hook", row.group, 1, 0)
    const [message] = await deliveries.owed("hook", 1)
    if (message === undefined) throw new Error("no message was made")
    await deliveries.bury(message, "refused", 0)
    const samples = samplesIn((await ask("/metrics", { token: await token("read") })).body)
    expect(samples.get('fleet_ledger_owed_alerts{channel="hook"}')).toBe(2)
    expect(samples.get('fleet_ledger_messages{channel="hook",state="dead"}')).toBe(1)
    expect(samples.get('fleet_ledger_messages{channel="hook",state="owed"}')).toBe(0)
  })

  it("tell the same to two who ask at once", async () => {
    const { ask, token, fleet } = await door()
    await raise(fleet.ledger, "a")
    await fleet.reached((await fleet.ledger.head()).position)
    const secret = await token("read")
    const asked = async () =>
      samplesIn((await ask("/metrics", { token: secret })).body).get(
        'fleet_ledger_alerts{severity="warning",state="open"}',
      )
    await asked()
    const { alerts } = fleet.views
    const { accounts } = fleet.ops.deliveries
    const counts = alerts.counts.bind(alerts)
    // Whoever comes second is in the midst of it when the first one is told, unless they wait for each other.
    const [begins, ends] = [new AbortController(), new AbortController()]
    const second = once(begins.signal, "abort")
    const first = once(ends.signal, "abort")
    let told: Promise<number | undefined> | undefined
    fleet.ops.deliveries.accounts = async () => {
      fleet.ops.deliveries.accounts = accounts
      alerts.counts = (at) => (begins.abort(), first.then(() => counts(at)))
      told = asked()
      await Promise.race([second, setImmediate()])
      return accounts()
    }
    const answered = await asked()
    ends.abort()
    expect([answered, await told]).toEqual([1, 1])
  })

  it("count requests by the route and not by what was asked for", async () => {
    const { ask, token } = await door()
    const secret = await token("read")
    for (const name of ["a", "b", "c"]) await ask(`/api/v1/entities/${name}`, { token: secret })
    await ask("/nothing/here", { token: secret })
    const samples = samplesIn((await ask("/metrics", { token: secret })).body)
    const count = (route: string) =>
      samples.get(`http_request_duration_seconds_count{method="GET",route="${route}",status="404"}`)
    expect([count("/api/v1/entities/:entity"), count("none"), count("/nothing/here")]).toEqual([3, 1, undefined])
  })
})

describe("readiness", () => {
  it("names each part that it rests on, when asked to", async () => {
    const { ask } = await door()
    const brief = (await ask("/readyz")).json<object>()
    expect(brief).toEqual({ ready: true, reasons: [] })
    const { parts } = (await ask("/readyz?verbose")).json<{ parts: { name: string; ok: boolean }[] }>()
    expect(parts.map(({ name, ok }) => [name, ok])).toEqual(
      ["ledger", "views", "ops", "sealing", "handlers"].map((name) => [name, true]),
    )
  })
})

describe("the doctor", () => {
  it("says what is open to others, and what to do about it", async () => {
    const { fleet } = await door()
    const ask = asker<{ ok: boolean; items: { check: string; state: string; advice: string | null }[] }>(fleet)
    expect((await ask("doctor")).ok).toBe(true)
    fs.chmodSync(fleet.folder.path, 0o755)
    const { ok, items } = await ask("doctor")
    expect(ok).toBe(false)
    expect(items).toContainEqual(
      expect.objectContaining({ check: "permissions", state: "wrong", advice: `chmod go-rwx ${fleet.folder.path}` }),
    )
  })

  it("knows how often a source is looked at", async () => {
    const clock = new TestClock()
    const yaml = "sources: [{ name: here, kind: local }, { name: weekly, kind: local, every: 7d }]"
    const fleet = await open(await tempFolder(), yaml, clock)
    for (const source of ["here", "weekly"])
      await fleet.ops.looks.finished({ source, finishedAt: clock.now(), outcome: "completed" })
    clock.advance(48 * 3_600_000)
    const ask = asker<{ items: { check: string; state: string; what: string }[] }>(fleet)
    const states = (await ask("doctor")).items.filter(({ check }) => check === "sources").map(({ state }) => state)
    expect(states).toEqual(["warning", "ok"])
    clock.advance(14 * 86_400_000)
    expect((await ask("doctor")).items).toContainEqual(
      expect.objectContaining({ state: "warning", what: "weekly was looked at 384 hours ago" }),
    )
  })

  it("sees a clock that is behind the ledger, and dead letters", async () => {
    const { fleet, clock } = await door()
    clock.advance(-600_000)
    const { items } = await asker<{ items: { check: string; state: string; what: string }[] }>(fleet)("doctor")
    expect(items).toContainEqual(expect.objectContaining({ check: "clock", state: "wrong" }))
    expect(items).toContainEqual(expect.objectContaining({ state: "warning", what: "unwilling has dead letters: 1" }))
  })
})
