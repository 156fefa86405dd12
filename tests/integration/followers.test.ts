/** Whoever follows the changes and is cut off, again and again, sees each of them once. */
import { once } from "node:events"
import * as http from "node:http"
import * as net from "node:net"
import type { AddressInfo } from "node:net"
import fastify from "fastify"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Position } from "#kernel/point.js"
import { changeTypes } from "#events/catalog.js"
import { sendStream } from "#api/stream.js"
import { day, door, port } from "#tests/support/door.js"
import { changeKernel } from "#tests/support/scripted-fleet.js"
import { until } from "#tests/support/until.js"

const changes = 250

type Busy = Awaited<ReturnType<typeof busy>>

/** A server on a port, and what writes to it as fast as it goes. */
async function busy() {
  const { app, clock, fleet, host, token } = await door(100_000)
  await app.listen({ host: "127.0.0.1", port: 0 })
  const { port: at } = app.server.address() as AddressInfo
  const secret = await token("read")
  const get = (path: string, headers: Record<string, string> = {}) =>
    http.get({
      host: "127.0.0.1",
      port: at,
      path,
      headers: { host: `127.0.0.1:${port}`, authorization: `Bearer ${secret}`, ...headers },
    })
  const write = async () => {
    for (let n = 1; n <= changes; n++) await changeKernel(fleet, host, `6.1.${n}`, `6.1.${n + 1}`)
  }
  const expected = async () =>
    (await fleet.ledger.readAll({ after: -1 as Position, types: changeTypes, limit: 1_000 })).map(
      (event) => event.position,
    )
  return { clock, fleet, host, get, write, expected }
}

function answered(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve)
    request.once("error", reject)
  })
}

/** Reads so many events, and hangs up in the midst of what follows, however much of that has come. */
async function some(request: http.ClientRequest, enough: number): Promise<number[]> {
  const response = await answered(request)
  let text = ""
  const complete = () => text.slice(0, text.lastIndexOf("\n\n") + 1)
  const ids = () => [...complete().matchAll(/^id: (\d+)\n/gm)].map(([, id]) => Number(id))
  for await (const piece of response) {
    text += String(piece)
    if (ids().length >= enough) break
  }
  request.destroy()
  return ids().slice(0, enough)
}

describe("a follower that is cut off a hundred times while there is writing", () => {
  it("sees every change once by the last id that it has", async () => {
    const { get, write, expected } = await busy()
    const writing = write()
    const seen: number[] = []
    const total = changes + 3
    let cuts = 0
    for (; seen.length < total && cuts < total; cuts++) {
      const last = seen.at(-1)
      const headers = last === undefined ? {} : { "last-event-id": String(last) }
      // No more than are still to come, which would be waited for without end.
      const enough = Math.min(1 + (cuts % 3), total - seen.length)
      seen.push(...(await some(get("/api/v1/changes/stream?after=-1", headers), enough)))
    }
    await writing
    expect(cuts).toBeGreaterThan(100)
    expect(seen).toEqual(await expected())
  })

  it("sees every change once by asking for what is after the last answer", async () => {
    const { get, write, expected } = await busy()
    let isDone = false
    const writing = write().then(() => (isDone = true))
    const seen: number[] = []
    let after = -1
    for (let ask = 0; ask < 10_000; ask++) {
      const wasDone = isDone
      const request = get(`/api/v1/changes?after=${after}&limit=7`)
      const response = await answered(request)
      // Every third answer is lost on its way.
      if (ask % 3 === 0) {
        request.destroy()
        continue
      }
      let text = ""
      for await (const piece of response) text += String(piece)
      const answer = JSON.parse(text) as { items: { position: number }[]; after: number; isMore: boolean }
      seen.push(...answer.items.map(({ position }) => position))
      after = answer.after
      if (wasDone && !answer.isMore) break
    }
    await writing
    expect(seen).toEqual(await expected())
  })
})

describe("a follower that has seen more than there is", () => {
  it.each([
    ["after", "/api/v1/changes/stream?after=9", {}],
    ["its last id", "/api/v1/changes/stream?after=-1", { "last-event-id": "9" }],
  ])("by %s is told how far the ledger is, as nothing would come for long", async (_, path, headers) => {
    const { get } = await busy()
    const response = await answered(get(path, headers))
    let text = ""
    for await (const piece of response) text += String(piece)
    expect([response.statusCode, JSON.parse(text)]).toMatchObject([
      400,
      {
        code: "InvalidPoint",
        detail:
          'position 9 is not recorded; the last is 3. If it was before a backup was restored, go on with "after" 3',
      },
    ])
  })

  it("waits a moment for a copy of the ledger that another instance was ahead of, and is told nothing twice", async () => {
    const { get, fleet, host } = await busy()
    const following = some(get("/api/v1/changes/stream?after=5"), 1)
    for (const n of [1, 2, 3]) await changeKernel(fleet, host, `6.1.${n}`, `6.1.${n + 1}`)
    expect(await following).toStrictEqual([6])
  })
})

describe("a follower whose token is no more", () => {
  it.each([
    ["is revoked", ({ fleet }: Busy) => fleet.ops.tokens.revoke("read-token")],
    ["expires", ({ clock }: Busy) => Promise.resolve(clock.advance(day))],
  ])("is let go of when it %s, and nobody else is", async (_, end) => {
    const all = await busy()
    const { secret } = await all.fleet.ops.tokens.create("lasting", "read", 2 * day)
    const follow = (headers = {}) => answered(all.get("/api/v1/changes/stream?after=0", headers))
    const [gone, stays] = [await follow(), await follow({ authorization: `Bearer ${secret}` })]
    gone.on("error", () => {}).resume()
    let told = ""
    stays.on("error", () => {}).on("data", (text) => (told += String(text)))
    await end(all)
    await until(() => gone.destroyed)
    await changeKernel(all.fleet, all.host, "6.1.1", "6.1.2")
    await until(() => told.includes("6.1.2"))
    expect([gone.destroyed, stays.destroyed]).toEqual([true, false])
    stays.destroy()
  })
})

describe("what breaks off", () => {
  it("is not taken for all that there is", async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    async function* items() {
      yield { position: 1 }
      throw new Error("the archive is elsewhere")
    }
    app.get("/", (request, reply) => sendStream(request, reply, items))
    await app.listen({ host: "127.0.0.1", port: 0 })
    const { port: at } = app.server.address() as AddressInfo
    const response = await answered(
      http.get({ host: "127.0.0.1", port: at, headers: { accept: "application/x-ndjson" } }),
    )
    await expect(once(response.resume(), "end")).rejects.toMatchObject({ code: "ECONNRESET" })
  })
})

describe("a follower that is told more than it takes at once", () => {
  it("and takes nothing for a while is let go of; one that is slow is not", async () => {
    const over: string[] = []
    const app = fastify()
    onTestFinished(() => app.close())
    app.get("/:who", (request, reply) => {
      const { who } = request.params as { who: string }
      async function* items() {
        for (let position = 0; !reply.raw.destroyed; position++) yield { position, text: "x".repeat(100_000) }
      }
      return sendStream(request, reply, items, 20).then(() => over.push(who))
    })
    await app.listen({ host: "127.0.0.1", port: 0 })
    const { port: at } = app.server.address() as AddressInfo
    const [gone, slow] = ["gone", "slow"].map((who) => {
      const socket = net.connect(at, "127.0.0.1").pause()
      socket.on("error", () => {}).write(`GET /${who} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      return socket
    }) as [net.Socket, net.Socket]
    const reading = setInterval(() => slow.read(), 20)
    await until(() => over.length > 0)
    expect(over).toEqual(["gone"])
    clearInterval(reading)
    gone.destroy()
    slow.destroy()
  })

  it("leaves nothing behind each time that it is waited for", async () => {
    const warnings: string[] = []
    const note = ({ name }: Error) => void warnings.push(name)
    process.on("warning", note)
    onTestFinished(() => void process.off("warning", note))
    const { get, write } = await busy()
    await write()
    for (let round = 0; round < 3; round++)
      expect((await some(get("/api/v1/changes/stream?after=-1"), changes)).length).toBeGreaterThanOrEqual(changes)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })
})
