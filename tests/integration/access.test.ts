/** Who may not is counted, who may is written down, and who asks too much has to wait. */
import type { LightMyRequestResponse } from "fastify"
import { describe, expect, it } from "vitest"
import { operations } from "#operations/registry.js"
import { asker } from "#tests/support/asker.js"
import { door } from "#tests/support/door.js"

interface Row {
  readonly type: string
  readonly actor: string
  readonly what: string
}

describe("what an administrator does, and what is exported", () => {
  it("is in the ledger, with who did it and without any secret", async () => {
    const { ask, token, fleet } = await door()
    const admin = await token("admin")
    const made = await ask("/api/v1/tokens", { method: "POST", token: admin, payload: { name: "grafana" } })
    await ask("/api/v1/tokens/grafana", { method: "DELETE", token: admin })
    await ask("/api/v1/inventory?format=csv", { token: await token("read") })
    const { items } = await asker<{ items: Row[] }>(fleet)("access")
    expect(items.slice(1).map(({ actor, what }) => `${actor}: ${what}`)).toEqual([
      "token:admin-token: token create grafana",
      "token:admin-token: token revoke grafana",
      "token:read-token: inventory export csv",
    ])
    const { secret } = made.json<{ secret: string }>()
    expect(JSON.stringify(await fleet.ledger.readAll({ after: -1 as never, limit: 1_000 }))).not.toContain(secret)
  })

  it("is told once an hour of what is taken out again and again", async () => {
    const { ask, token, fleet, clock } = await door()
    const [one, other] = [await token("read"), await token("operate")]
    const scrape = async (secret: string, format: string) => {
      clock.advance(60_000)
      await ask(`/api/v1/inventory?format=${format}`, { token: secret })
    }
    for (let minute = 0; minute < 70; minute++) await scrape(one, "http_sd")
    await scrape(one, "csv")
    await scrape(other, "csv")
    const { items } = await asker<{ items: Row[] }>(fleet)("access", { since: "position:3" })
    expect(items.map(({ actor, what }) => `${actor}: ${what}`)).toEqual([
      "token:read-token: inventory export http_sd",
      "token:read-token: inventory export http_sd",
      "token:read-token: inventory export csv",
      "token:operate-token: inventory export csv",
    ])
  })

  it("is not told of what was refused or failed", async () => {
    const { ask, token, fleet } = await door()
    await ask("/api/v1/tokens", { method: "POST", token: await token("read"), payload: { name: "x" } })
    await ask("/api/v1/tokens", { method: "POST", token: await token("admin"), payload: { name: "no name" } })
    const exports = ["inventory?format=cyclonedx", "inventory?q=foo:x", "evidence?since=never", "export?from=5000"]
    for (const path of exports)
      expect((await ask(`/api/v1/${path}`, { token: await token("read") })).statusCode).toBe(400)
    const { items } = await asker<{ items: Row[] }>(fleet)("access", { since: "position:3" })
    expect(items.filter(({ type }) => type !== "AccessDenied")).toEqual([])
  })

  it("is accounted for by every operation of an administrator, or by the event that it leaves", () => {
    const own = ["archive create", "proof rotate", "redact"]
    const silent = operations.filter(({ scope, accounted }) => scope === "admin" && accounted === undefined)
    expect(silent.map(({ name }) => name).toSorted()).toEqual([...own, "token list"].toSorted())
  })
})

describe("requests that are refused", () => {
  it("are one event a minute, however many they are", async () => {
    const { ask, token, fleet, clock, app } = await door()
    for (let i = 0; i < 5; i++) await ask("/api/v1/targets", { token: "fl_guess" })
    await ask("/api/v1/tokens", { token: await token("read") })
    clock.advance(60_000)
    await ask("/api/v1/targets")
    await app.close()
    const { items } = await asker<{ items: Row[] }>(fleet)("access", { since: "position:3" })
    expect(items.map(({ what }) => what)).toEqual([
      "refused: 1 × Forbidden, 5 × Unauthorized from 127.0.0.1",
      "refused: 1 × Unauthorized from 127.0.0.1",
    ])
  })

  it("end in nobody being listened to who shows new tokens from there, while known ones go on", async () => {
    const { ask, token } = await door()
    const known = await token("read")
    const unknown = await token("operate")
    const status = async (secret: string) => (await ask("/api/v1/targets", { token: secret })).statusCode
    expect(await status(known)).toBe(200)
    for (let i = 0; i < 10; i++) expect(await status(`fl_guess${i}`)).toBe(401)
    expect(await status("fl_guess")).toBe(429)
    expect(await status(unknown)).toBe(429)
    expect(await status(known)).toBe(200)
  })

  it("end so whatever was asked with them of what answers to everybody", async () => {
    const { ask } = await door()
    const guess = (path: string, n: number) => ask(path, { token: `fl_guess${n}` })
    for (let n = 0; n < 20; n++) await guess("/livez", n)
    const statuses: number[] = []
    for (let n = 0; n < 12; n++) statuses.push((await guess("/api/v1/targets", n)).statusCode)
    expect(statuses.slice(10)).toEqual([429, 429])
  })

  it("are those above so many a second of one token, which say when to come again", async () => {
    const { ask, token, fleet } = await door()
    const [secret, other] = [await token("read"), await token("operate")]
    // Until they are known to be right, they count as their address.
    for (const one of [secret, other]) await ask("/api/v1/queries", { token: one })
    const most = fleet.config.access.requestsPerSecond
    let refused: LightMyRequestResponse | undefined
    // What was asked for within one second counts together, and a slow machine may take longer for so many.
    for (let burst = 0; burst < 10 && refused === undefined; burst++) {
      await Promise.all(Array.from({ length: most }, () => ask("/api/v1/queries", { token: secret })))
      const one = await ask("/api/v1/queries", { token: secret })
      if (one.statusCode === 429) refused = one
    }
    expect(refused?.headers["retry-after"]).toBe("1")
    expect(refused?.json()).toMatchObject({ code: "RateLimited" })
    expect((await ask("/api/v1/queries", { token: other })).statusCode).toBe(200)
  })
})
