/** Several questions in one request: each is answered as it would be by itself, all of one point, and none holds up another. */
import { once } from "node:events"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { operations } from "#operations/registry.js"
import { type Door, door, port } from "#tests/support/door.js"
import { addHost } from "#tests/support/scripted-fleet.js"
import { until } from "#tests/support/until.js"

interface Question {
  readonly operation: string
  readonly input?: object
}
interface Line {
  readonly question: number
  readonly status: number
  readonly body: { readonly code?: string; readonly detail?: string; readonly at?: { readonly position: number } }
}

const linesIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line)

async function askAll({ ask, token }: Door, questions: readonly Question[]): Promise<readonly Line[]> {
  const reply = await ask("/api/v1/batch", { method: "POST", token: await token("read"), payload: { questions } })
  expect(reply.statusCode).toBe(200)
  expect(reply.headers["content-type"]).toBe("application/x-ndjson")
  return linesIn(reply.body).toSorted((a, b) => a.question - b.question)
}

describe("a batch", () => {
  it("answers each question as it is answered by itself", async () => {
    const opened = await door()
    const token = await opened.token("read")
    const alone = {
      targets: "/api/v1/targets?at=position:3&limit=1",
      show: `/api/v1/entities/${opened.host}?at=position:3`,
      count: "/api/v1/count?at=position:3&kind=target&by=health,role",
    }
    const lines = await askAll(opened, [
      { operation: "targets", input: { at: "position:3", limit: 1 } },
      { operation: "show", input: { at: "position:3", entity: opened.host } },
      { operation: "count", input: { at: "position:3", kind: "target", by: "health,role" } },
    ])
    for (const [index, path] of Object.values(alone).entries()) {
      const reply = await opened.ask(path, { token })
      expect(lines[index]).toEqual({ question: index, status: reply.statusCode, body: reply.json<object>() })
    }
  })

  it("refuses each question as it is refused by itself, and answers the others", async () => {
    const opened = await door()
    const token = await opened.token("read")
    const lines = await askAll(opened, [
      { operation: "show", input: { entity: "nobody" } },
      { operation: "targets", input: { q: "nothing:like:that" } },
      { operation: "targets", input: { at: "tomorrow" } },
      { operation: "targts" },
      { operation: "discover" },
      { operation: "targets" },
    ])
    const alone = ["entities/nobody", "targets?q=nothing:like:that", "targets?at=tomorrow"]
    for (const [index, path] of alone.entries()) {
      const reply = await opened.ask(`/api/v1/${path}`, { token })
      expect(lines[index]).toEqual({ question: index, status: reply.statusCode, body: reply.json<object>() })
    }
    expect(lines.slice(3).map(({ status, body }) => [status, body.detail])).toEqual([
      [400, '"targts" is not a question; did you mean "targets"?'],
      [400, '"discover" is not a question; /openapi.json lists what may be asked'],
      [200, undefined],
    ])
  })

  it("is of one point for what is asked of one moment, though the ledger grows meanwhile", async () => {
    const opened = await door()
    const { ledger } = opened.fleet
    const head = ledger.head.bind(ledger)
    // Whatever asks how far the ledger is makes it grow.
    let grown = 0
    ledger.head = async () => {
      const now = await head()
      grown += 1
      if (grown < 20) await addHost(opened.fleet, `late-${grown}`)
      return now
    }
    const lines = await askAll(opened, [
      ...["targets", "services", "history"].map((operation) => ({ operation })),
      { operation: "targets", input: { at: "now" } },
    ])
    ledger.head = head
    expect(grown).toBeGreaterThan(0)
    expect(new Set(lines.map(({ body }) => body.at?.position)).size).toBe(1)
  })

  it("takes as many questions as it says, and says so", async () => {
    const { ask, token } = await door()
    const send = async (payload: object) => {
      const reply = await ask("/api/v1/batch", { method: "POST", token: await token("read"), payload })
      return [reply.statusCode, reply.statusCode === 200 ? undefined : reply.json<{ detail: string }>().detail]
    }
    const many = (count: number) => ({ questions: Array.from({ length: count }, () => ({ operation: "query list" })) })
    expect(await send(many(20))).toEqual([200, undefined])
    expect(await send(many(21))).toEqual([400, expect.stringContaining("20")])
    expect(await send({})).toEqual([400, expect.stringContaining("questions")])
    expect(await send({ questions: [{ operation: "targets", at: "now" }] })).toEqual([
      400,
      expect.stringContaining("questions.0"),
    ])
  })

  it("is as many requests as it has questions", async () => {
    const opened = await door(5)
    const lines = await askAll(
      opened,
      Array.from({ length: 8 }, () => ({ operation: "query list" })),
    )
    expect(lines.map(({ status, body }) => body.code ?? status)).toEqual([
      ...Array.from({ length: 5 }, () => 200),
      ...Array.from({ length: 3 }, () => "RateLimited"),
    ])
  })

  it("is for those who may read, and each question for those who may ask it", async () => {
    const opened = await door()
    const { ask } = opened
    const payload = { questions: [{ operation: "targets" }] }
    expect((await ask("/api/v1/batch", { method: "POST", payload })).statusCode).toBe(401)
    const above = operations.filter(({ kind, scope }) => kind === "query" && scope !== "read")
    expect(above.length).toBeGreaterThan(0)
    const lines = await askAll(
      opened,
      above.map(({ name }) => ({ operation: name })),
    )
    expect(lines.map(({ status }) => status)).toEqual(above.map(() => 403))
    const elsewhere = { origin: "http://evil.example" }
    expect((await ask("/api/v1/batch", { method: "POST", payload, headers: elsewhere })).statusCode).toBe(403)
  })

  /** Pages of entities wait until they are let go. */
  function held({ fleet: { views } }: Door) {
    let asked = 0
    let letGo = () => undefined as void
    const gone = new Promise<void>((resolve) => (letGo = resolve))
    const page = views.entities.page.bind(views.entities)
    views.entities.page = async (wanted) => {
      asked += 1
      await gone
      return page(wanted)
    }
    return { asked: () => asked, letGo: () => letGo() }
  }

  async function sent(opened: Door, questions: readonly Question[], encoding: string): Promise<http.ClientRequest> {
    await opened.app.listen({ port: 0, host: "127.0.0.1" })
    const request = http.request({
      port: (opened.app.server.address() as AddressInfo).port,
      path: "/api/v1/batch",
      method: "POST",
      headers: {
        host: `127.0.0.1:${port}`,
        authorization: `Bearer ${await opened.token("read")}`,
        "content-type": "application/json",
        "accept-encoding": encoding,
      },
    })
    request.end(JSON.stringify({ questions }))
    return request
  }

  it.each(["br", "gzip", "identity"])("sends what is known while the rest is not, in %s", async (encoding) => {
    const opened = await door()
    const { letGo } = held(opened)
    const request = await sent(opened, [{ operation: "targets" }, { operation: "query list" }], encoding)
    const [response] = (await once(request, "response")) as [http.IncomingMessage]
    expect(response.headers["content-encoding"]).toBe(encoding === "identity" ? undefined : encoding)
    let bytes = 0
    response.on("data", (part: Buffer) => (bytes += part.length))
    await until(() => bytes > 0)
    letGo()
    await once(response, "end")
  })

  it("goes on for others when nobody waits for it any more", async () => {
    const opened = await door()
    const { asked, letGo } = held(opened)
    const request = await sent(opened, [{ operation: "targets" }], "identity")
    await until(() => asked() === 1)
    const gone = once(request, "error")
    request.destroy(new Error("not waited for"))
    await gone
    letGo()
    expect((await askAll(opened, [{ operation: "query list" }])).map(({ status }) => status)).toEqual([200])
  })
})
