/** A request that is sent again with the same key is done once. */
import * as fs from "node:fs"
import { describe, expect, it } from "vitest"
import { door } from "#tests/support/door.js"

const url = "/api/v1/snapshots"

async function taking() {
  const opened = await door()
  const secret = await opened.token("admin")
  const take = (name: string, key: string, token = secret) =>
    opened.ask(url, { method: "POST", token, payload: { name }, headers: { "idempotency-key": key } })
  const events = async () => (await opened.fleet.ledger.head()).position
  return { ...opened, secret, take, events }
}

describe("the same request with the same key", () => {
  it("is answered as it was, and leaves one event", async () => {
    const { take, events } = await taking()
    const first = await take("before", "k1")
    const after = await events()
    const again = await take("before", "k1")
    expect([again.statusCode, again.body]).toEqual([first.statusCode, first.body])
    expect(first.statusCode).toBe(200)
    expect(await events()).toBe(after)
  })

  it("is done once, however many are sent at once", async () => {
    const { take, events } = await taking()
    const before = await events()
    const answers = await Promise.all(Array.from({ length: 10 }, () => take("before", "k1")))
    expect(answers.filter(({ statusCode }) => statusCode === 200).length).toBeGreaterThan(0)
    expect(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 409)).toBe(true)
    expect(await events()).toBe(before + 1)
  })

  it("is another's own affair, and may be done after it was refused", async () => {
    const { take, token, fleet, clock } = await taking()
    expect((await take("no name", "k1")).statusCode).toBe(400)
    expect((await take("one", "k1")).statusCode).toBe(200)
    expect((await take("two", "k1", await token("operate"))).statusCode).toBe(200)
    expect((await take("three", "k1")).json()).toMatchObject({ status: 400, code: "InvalidInput" })
    clock.advance(86_400_001)
    const fresh = await fleet.ops.tokens.create("fresh", "admin", 86_400_000)
    const later = await take("four", "k1", fresh.secret)
    expect(later.statusCode).toBe(200)
  })

  it("shows no secret a second time, and keeps none", async () => {
    const { ask, secret, fleet } = await taking()
    const make = () =>
      ask("/api/v1/tokens", {
        method: "POST",
        token: secret,
        payload: { name: "x" },
        headers: { "idempotency-key": "k" },
      })
    const made = await make()
    expect(made.statusCode).toBe(200)
    expect((await make()).json()).toMatchObject({ status: 409, detail: expect.stringContaining("only once") })
    const kept = ["", "-wal"].map((part) => fs.readFileSync(`${fleet.folder.ops}${part}`, "latin1")).join("")
    expect(kept).not.toContain(made.json<{ secret: string }>().secret)
  })

  it("starts one job", async () => {
    const { ask, secret } = await taking()
    const start = () => ask("/api/v1/rebuild", { method: "POST", token: secret, headers: { "idempotency-key": "k" } })
    const [first, second] = [await start(), await start()]
    expect(first.statusCode).toBe(202)
    expect(second.json<{ id: string }>().id).toBe(first.json<{ id: string }>().id)
    expect(second.headers.location).toBe(first.headers.location)
  })
})
