/** The HTTP door: who may ask, what is refused and how, and that every operation answers at the point that it was asked for. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Position } from "#kernel/point.js"
import type { Operation } from "#operations/define.js"
import { operations } from "#operations/registry.js"
import { allows, scopes } from "#ops/tokens.js"
import { type Door, day, door, letter, port } from "#tests/support/door.js"
import { callOf, inVain } from "#tests/support/valid-calls.js"
import { addHost, changeKernel } from "#tests/support/scripted-fleet.js"

const acts = operations.filter(({ kind }) => kind === "command" || kind === "job")
const queries = operations.filter(({ kind }) => kind === "query")
const texts = operations.filter(({ kind }) => kind === "text")

describe("access", () => {
  /** Who is let in: nobody without a token, and with one whose scope allows it. */
  async function letsIn({ ask, token, fleet, clock }: Door, operation: Operation) {
    const { path, payload } = callOf(operation)
    const { method, name } = { ...operation.route, name: operation.name }
    const send = async (secret?: string) => {
      const credentials = secret === undefined ? {} : { token: secret }
      return (await ask(path, { method, ...(payload === undefined ? {} : { payload }), ...credentials })).statusCode
    }
    const past = (await fleet.ops.tokens.create("past", "admin", 60_000)).secret
    const gone = (await fleet.ops.tokens.create("gone", "admin", day)).secret
    await fleet.ops.tokens.revoke("gone")
    clock.advance(60_001)
    const statuses: Record<string, number> = {
      nobody: await send(),
      anybody: await send("fl_guess"),
      expired: await send(past),
      revoked: await send(gone),
    }
    for (const scope of scopes) statuses[scope] = await send(await token(scope))
    const fine = inVain.has(name) ? [400, 404] : [200, 202]
    const isLetIn = ([who, status]: [string, number]) => [who, fine.includes(status) ? true : status]
    return { name, ...Object.fromEntries(Object.entries(statuses).map(isLetIn)) }
  }

  const allowed = ({ name, scope }: Operation) => ({
    name,
    nobody: 401,
    anybody: 401,
    expired: 401,
    revoked: 401,
    ...Object.fromEntries(scopes.map((held) => [held, allows(held, scope) ? true : 403])),
  })

  it("to what reads is for those with its scope, and for nobody without a token", async () => {
    const opened = await door()
    for (const operation of queries) expect(await letsIn(opened, operation)).toEqual(allowed(operation))
  })

  it.each(texts)("to $name is for those with its scope, and for nobody without a token", async (operation) => {
    expect(await letsIn(await door(), operation)).toEqual(allowed(operation))
  })

  it("to metrics and to jobs is for whoever may read, and for nobody without a token", async () => {
    const opened = await door()
    const job = { name: "job show", route: { method: "GET", path: "/api/v1/jobs/{id}" }, scope: "read" } as Operation
    const metrics = { name: "metrics", route: { method: "GET", path: "/metrics" }, scope: "read" } as Operation
    expect(await letsIn(opened, metrics)).toEqual(allowed(metrics))
    // There is none of that id.
    const statuses = { ...(await letsIn(opened, job)) } as Record<string, unknown>
    expect(statuses).toEqual({ ...allowed(job), read: 404, operate: 404, admin: 404 })
  })

  it("to streams is for those with their scope, and for nobody without a token", async () => {
    const opened = await door()
    await opened.app.listen({ host: "127.0.0.1", port: 0 })
    const { port: at } = opened.app.server.address() as AddressInfo
    for (const { route, scope } of operations.filter(({ kind }) => kind === "stream"))
      for (const held of [undefined, ...scopes]) {
        const secret = held && (await opened.fleet.ops.tokens.create(`${held} of ${route.path}`, held, day)).secret
        const headers = { host: `127.0.0.1:${port}`, ...(secret && { authorization: `Bearer ${secret}` }) }
        const request = http.get({ host: "127.0.0.1", port: at, path: route.path, headers })
        const { statusCode } = await new Promise<http.IncomingMessage>((resolve, reject) => {
          request.once("response", resolve).once("error", reject)
        })
        request.destroy()
        const expected = held === undefined ? 401 : allows(held, scope) ? 200 : 403
        expect([route.path, held, statusCode]).toEqual([route.path, held, expected])
      }
  })

  it.each(acts)("to $name is for those with its scope, and for nobody without a token", async (operation) => {
    const opened = await door()
    await opened.fleet.ops.tokens.create("victim", "read", day)
    expect(await letsIn(opened, operation)).toEqual(allowed(operation))
  })

  it("ends with the token's life, or when it is revoked", async () => {
    const { ask, token, clock, fleet } = await door()
    const [short, revoked] = [await token("read"), await token("operate")]
    expect((await ask("/api/v1/targets", { token: short })).statusCode).toBe(200)
    await fleet.ops.tokens.revoke("operate-token")
    expect((await ask("/api/v1/targets", { token: revoked })).statusCode).toBe(401)
    clock.advance(2 * day)
    expect((await ask("/api/v1/targets", { token: short })).statusCode).toBe(401)
    expect((await ask("/api/v1/targets", { token: "fl_guess" })).statusCode).toBe(401)
  })

  it("is refused under another host's name, and to another page's changes", async () => {
    const { ask, fleet } = await door()
    expect((await ask("/api/v1/targets", { headers: { host: "evil.example" } })).json()).toMatchObject({
      code: "Forbidden",
    })
    const login = await fleet.ops.tokens.createLogin("user:ada")
    const session = await fleet.ops.tokens.redeem(login.secret)
    const cookie = `fleet_ledger_session=${session?.secret}`
    const post = (origin: string) =>
      ask("/api/v1/tokens", { method: "POST", payload: { name: "x" }, headers: { cookie, origin } })
    expect((await post("http://evil.example")).statusCode).toBe(403)
    expect((await post(`http://127.0.0.1:${port}`)).statusCode).toBe(200)
  })

  it("is given to a browser by a link that works once", async () => {
    const { ask, fleet } = await door()
    const { secret } = await fleet.ops.tokens.createLogin("user:ada")
    const opened = await ask(`/login?code=${secret}`)
    expect(opened.statusCode).toBe(303)
    expect((await ask(`/login?code=${secret}`)).statusCode).toBe(401)
    const [cookie = ""] = String(opened.headers["set-cookie"]).split(";")
    const { position } = await fleet.ledger.head()
    const known = (await ask("/session", { headers: { cookie } })).json()
    expect(known).toEqual({ name: "user:ada", scope: "admin", position })
    expect((await ask("/api/v1/targets", { headers: { cookie } })).statusCode).toBe(200)
    expect((await ask("/session", { method: "DELETE", headers: { cookie } })).statusCode).toBe(204)
    expect((await ask("/session", { headers: { cookie } })).statusCode).toBe(401)
  })

  it("is given to a browser that shows a token, as long as that is good", async () => {
    const { ask, token, fleet } = await door()
    expect((await ask("/session", { method: "POST", token: "fl_guess" })).statusCode).toBe(401)
    const opened = await ask("/session", { method: "POST", token: await token("operate") })
    expect(opened.json()).toMatchObject({ name: "token:operate-token", scope: "operate" })
    const attributes = String(opened.headers["set-cookie"])
    expect(attributes).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
    const headers = { cookie: attributes.split(";")[0] ?? "" }
    expect((await ask("/api/v1/targets", { headers })).statusCode).toBe(200)
    expect((await ask("/api/v1/tokens", { headers })).statusCode).toBe(403)
    await fleet.ops.tokens.revoke("operate-token")
    expect((await ask("/api/v1/targets", { headers })).statusCode).toBe(401)
  })

  it("serves no page that others may frame, or that fetches from elsewhere", async () => {
    const { ask } = await door()
    const { headers } = await ask("/machines?q=role:production", { headers: { accept: "text/html" } })
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
    )
    expect(headers["cache-control"]).toBe("no-store")
    expect((await ask("/nothing")).statusCode).toBe(404)
    expect((await ask("/api/v1/nothing", { headers: { accept: "text/html" } })).statusCode).toBe(404)
  })
})

describe("every read", () => {
  it("takes `at` and echoes the point that it was resolved to", async () => {
    const { ask, token, fleet } = await door()
    const secret = await token("admin")
    for (const operation of queries.filter(({ name }) => !inVain.has(name))) {
      const { path } = callOf(operation)
      const at = async (text: string) =>
        (await ask(`${path}&at=${encodeURIComponent(text)}`, { token: secret })).json() as { at: object }
      const [one, before, now] = [await at("position:1"), await at("-30s"), await at("now")]
      expect({ name: operation.name, points: [one.at, before.at, now.at] }).toEqual({
        name: operation.name,
        points: [
          { position: 1, time: await fleet.ledger.timeOf(1 as never) },
          { position: 2, time: "2026-11-23T14:00:30.000Z" },
          { position: 3, time: "2026-11-23T14:01:00.000Z" },
        ],
      })
      expect(await at("3000-01-01")).toMatchObject({ status: 400, code: "InvalidPoint" })
    }
  })

  it("refuses what it does not take, with what was meant", async () => {
    const { ask, token } = await door()
    const secret = await token("admin")
    for (const operation of queries) {
      const response = await ask(`${callOf(operation).path}&att=now`, { token: secret })
      expect({ name: operation.name, ...response.json<object>() }).toMatchObject({
        name: operation.name,
        status: 400,
        code: "InvalidInput",
        detail: expect.stringContaining(`takes no "att"; did you mean "at"?`),
      })
    }
  })

  it("has a tag by which the same answer is not made again", async () => {
    const { ask, token, fleet, host, clock } = await door()
    const secret = await token("read")
    const at = async (point: string, tag?: string) =>
      ask(`/api/v1/targets?at=${point}`, {
        token: secret,
        headers: tag === undefined ? {} : { "if-none-match": tag },
      })
    const tag = String((await at("position:1")).headers.etag)
    const again = await at("position:1", `"other", ${tag}`)
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, "", tag])
    expect((await at("position:2", tag)).statusCode).toBe(200)
    const now = String((await at("now")).headers.etag)
    expect((await at("now", now)).statusCode).toBe(304)
    clock.advance(1_000)
    await changeKernel(fleet, host, "6.1.1", "6.1.2")
    expect((await at("now", now)).statusCode).toBe(200)
    await fleet.rebuild(() => undefined, new AbortController().signal)
    expect((await at("position:1", tag)).statusCode).toBe(200)
    expect((await ask("/api/v1/entities/nobody", { token: secret })).headers.etag).toBeUndefined()
  })

  it.each([
    ["/api/v1/diff?at=position:2&from=-30s", false],
    ["/api/v1/diff?at=position:2&from=snapshot:before", false],
    ["/api/v1/diff?at=position:2&from=position:1&to=now", false],
    ["/api/v1/diff?at=position:2&from=position:1", true],
    ["/api/v1/history?at=position:2&since=-2m", false],
    ["/api/v1/history?at=position:2&since=2026-11-23", true],
    ["/api/v1/history?at=position:2", true],
    ["/api/v1/access?at=position:2&since=-2m", false],
  ])("of %s is the same one later: %s, and has a tag only then", async (path, isTagged) => {
    const { ask, token } = await door()
    const secret = await token("operate")
    await ask("/api/v1/snapshots", { method: "POST", token: secret, payload: { name: "before", at: "position:1" } })
    const { statusCode, headers } = await ask(path, { token: secret })
    expect([statusCode, headers.etag !== undefined]).toEqual([200, isTagged])
  })

  it("shows what was known then", async () => {
    const { ask, token } = await door()
    const secret = await token("read")
    const kernel = async (at: string) => {
      const response = await ask(`/api/v1/entities/web-1?at=${at}`, { token: secret })
      return response.json<{ facets: { os: object } }>().facets.os
    }
    expect([await kernel("position:2"), await kernel("now")]).toEqual([{ kernel: "6.1.0" }, { kernel: "6.1.1" }])
  })

  it("is found by the longest name that there can be", async () => {
    const { ask, token, fleet } = await door()
    const id = await addHost(fleet, "€".repeat(1_024))
    const found = await ask(`/api/v1/entities/${encodeURIComponent("€".repeat(1_024))}`, { token: await token("read") })
    expect(found.json()).toMatchObject({ entity: { id } })
  })

  it("pages through a list at the point of its first page", async () => {
    const { ask, token, fleet } = await door()
    const secret = await token("read")
    for (const name of ["a", "b", "c", "d"]) await addHost(fleet, name)
    const names: string[] = []
    let next: string | null = null
    do {
      const cursor: string = next === null ? "" : `&cursor=${next}`
      const page = (await ask(`/api/v1/targets?limit=2${cursor}`, { token: secret })).json() as {
        items: { name: string }[]
        next: string | null
      }
      names.push(...page.items.map(({ name }) => name))
      next = page.next
      await addHost(fleet, `late-${names.length}`)
    } while (next !== null)
    expect(names).toEqual(["a", "b", "c", "d", "web-1"])
  })
})

/** As a server with a longer ledger, or another list, would have given it. */
function cursorOf(position: number, key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify({ p: position, t: "2026-11-23T14:00:00.000Z", k: key })).toString("base64url")
}

describe("bad requests", () => {
  it.each([
    ["/api/v1/targets?limt=3", 400, 'takes no "limt"; did you mean "limit"?'],
    ["/api/v1/targets?limit=3&limit=4", 400, '"limit" is wrong'],
    ["/api/v1/targets?cursor=abc", 400, '"cursor" is not one'],
    [`/api/v1/targets?cursor=${cursorOf(1_000_000, ["a", "b"])}`, 400, '"cursor" is not one'],
    [`/api/v1/targets?cursor=${cursorOf(1, [2])}`, 400, '"cursor" is not one'],
    [`/api/v1/dead-letters?cursor=${cursorOf(1, ["a", "b"])}`, 400, '"cursor" is not one'],
    [`/api/v1/services?cursor=${cursorOf(1, ["name", "target", "", "web-1", 0])}`, 400, '"cursor" is not one'],
    [
      `/api/v1/search?q=a&kind=target&cursor=${cursorOf(1, ["name", "service", "", "nginx", 1])}`,
      400,
      '"cursor" is not',
    ],
    [`/api/v1/history?cursor=${cursorOf(1, ["a", "b"])}`, 400, '"cursor" is not one'],
    ["/api/v1/entities/web-1?facets=oss", 400, 'there is no facet "oss"; did you mean "os"?'],
    ["/api/v1/changes/stream?after=-7", 400, '"after" is wrong: a position, from -1'],
    ["/api/v1/export?from=5000", 400, "positions 5000 to"],
    ["/api/v1/export?checkpoint=3", 404, "no checkpoint in the ledger vouches for 3 events"],
    ["/api/v1/entities/nobody", 404, 'called "nobody"'],
    ["/api/v1/entities/%00", 404, "called"],
    ["/api/v1/nothing", 404, "/openapi.json"],
    ["/api/v1/jobs/none", 404, 'no job "none"'],
    ["/api/v1/history?since=never", 400, '"never" is not a point in time'],
  ])("%s is %i with one sentence", async (path, status, sentence) => {
    const { ask, token } = await door()
    const response = await ask(path, { token: await token("admin") })
    expect(response.headers["content-type"]).toContain("application/problem+json")
    expect(response.json()).toMatchObject({
      status,
      code: expect.any(String),
      detail: expect.stringContaining(sentence),
    })
  })

  it("of another form are refused too", async () => {
    const { ask, token } = await door()
    const secret = await token("admin")
    const post = (payload: string, type = "application/json") =>
      ask("/api/v1/tokens", { method: "POST", token: secret, payload, headers: { "content-type": type } })
    expect((await post("{")).statusCode).toBe(400)
    expect((await post("[1]")).statusCode).toBe(400)
    expect((await post("x", "text/plain")).statusCode).toBe(415)
    expect((await post(JSON.stringify({ name: "x".repeat(2_000_000) }))).statusCode).toBe(413)
  })
})

describe("what follows the ledger", () => {
  it("is paused and resumed by name, and the views are not", async () => {
    const { ask, token } = await door()
    const secret = await token("admin")
    const post = async (path: string, payload: object = {}) =>
      (await ask(`/api/v1/subscriptions/${path}`, { method: "POST", token: secret, payload })).json() as object
    expect(await post("unwilling/pause")).toMatchObject({ name: "unwilling", state: "paused" })
    const status = (await ask("/api/v1/status", { token: secret })).json<{ handlers: object[] }>()
    expect(status.handlers).toContainEqual({
      name: "unwilling",
      state: "paused",
      // That it was paused.
      lag: 1,
      message: null,
      deadLetters: 1,
    })
    expect(await post("unwilling/resume")).toMatchObject({ name: "unwilling", state: "booting" })
    expect(await post("views/pause")).toMatchObject({ status: 400, detail: expect.stringContaining("never paused") })
    expect(await post("views/replay", { from: 0 })).toMatchObject({
      status: 400,
      detail: expect.stringContaining('"fleet-ledger rebuild"'),
    })
    expect(await post("unwilling/replay", { from: -1 })).toMatchObject({
      status: 400,
      detail: '"from" is wrong: a position, from 0',
    })
    expect(await post("nobody/resume")).toMatchObject({ status: 404 })
  })

  it("has its dead letters in pages, each tried again by its id", async () => {
    const { ask, token, fleet } = await door()
    const secret = await token("admin")
    for (const at of [1, 2]) {
      await fleet.ops.deadLetters.park({ ...letter, id: `${at}${letter.id.slice(1)}`, position: at as Position })
    }
    type Page = { items: { position: number }[]; next: string | null }
    const first = (await ask("/api/v1/dead-letters?limit=2", { token: secret })).json<Page>()
    expect(first.items.map(({ position }) => position)).toEqual([0, 1])
    const rest = (await ask(`/api/v1/dead-letters?limit=2&cursor=${first.next}`, { token: secret })).json<Page>()
    expect(rest).toMatchObject({ items: [{ position: 2 }], next: null })
    const retry = (id: string) =>
      ask(`/api/v1/dead-letters/${id}/retry`, { method: "POST", token: secret, payload: {} })
    expect((await retry(letter.id)).json()).toMatchObject({ outcome: "failed", attempts: 6, message: "not this one" })
    expect((await retry("nobody")).statusCode).toBe(404)
  })
})

describe("health", () => {
  it("is alive and ready, for whoever asks", async () => {
    const { ask } = await door()
    expect((await ask("/livez")).json()).toEqual({ alive: true })
    const ready = await ask("/readyz")
    expect([ready.statusCode, ready.json()]).toEqual([200, { ready: true, reasons: [] }])
  })

  it("is alive and not ready once the ledger cannot be read, and says why", async () => {
    const { ask, fleet } = await door()
    await fleet.ledger.close()
    expect((await ask("/livez")).statusCode).toBe(200)
    const ready = await ask("/readyz")
    expect(ready.statusCode).toBe(503)
    expect(ready.json()).toMatchObject({ ready: false, reasons: [expect.stringMatching(/closed|stopped/)] })
  })
})

describe("jobs", () => {
  it("are started, watched to their end, and give their result", async () => {
    const { ask, token } = await door()
    const secret = await token("admin")
    const started = await ask("/api/v1/rebuild", { method: "POST", token: secret, payload: {} })
    expect(started.statusCode).toBe(202)
    let job = started.json() as { id: string; state: string; result: object }
    while (job.state === "running") job = (await ask(`/api/v1/jobs/${job.id}?wait=true`, { token: secret })).json()
    expect(job).toMatchObject({ state: "done", result: { events: 4, equal: true } })
  })

  it("are cancelled by those who may start them, and record nothing but that", async () => {
    const { ask, token, fleet } = await door()
    const [reader, operator] = [await token("read"), await token("operate")]
    const before = await fleet.ledger.head()
    const started = await ask("/api/v1/discover", { method: "POST", token: operator, payload: {} })
    const { location } = started.headers as { location: string }
    expect((await ask(location, { method: "DELETE", token: reader })).statusCode).toBe(403)
    await ask(location, { method: "DELETE", token: operator })
    const ended = await ask(`${location}?wait=true`, { token: reader })
    expect(ended.json()).toMatchObject({ state: "cancelled", result: null, problem: { code: "Cancelled" } })
    const told = await fleet.ledger.readAll({ after: before.position, limit: 10 })
    expect(told.every(({ data }) => "code" in data && data.code === "Interrupted")).toBe(true)
  })
})

describe("whose jobs there are", () => {
  /** A fleet whose ledger is read no further until it is let go on. */
  async function held() {
    const opened = await door()
    const { ledger } = opened.fleet
    let goOn: () => void = () => undefined
    const open = new Promise<void>((resolve) => (goOn = resolve))
    const read = ledger.readStored.bind(ledger)
    ledger.readStored = (asked) => open.then(() => read({ ...asked, limit: 1 }))
    const { secret: one } = await opened.fleet.ops.tokens.create("one", "read", day)
    const { secret: other } = await opened.fleet.ops.tokens.create("other", "read", day)
    const verify = (token: string) => opened.ask("/api/v1/verify", { method: "POST", token, payload: {} })
    return { ...opened, goOn, one, other, verify }
  }

  it("decides who cancels them: whoever began one, though they may change nothing else", async () => {
    const { ask, one, other, verify, goOn } = await held()
    const { location } = (await verify(one)).headers as { location: string }
    expect((await ask(location, { method: "DELETE", token: other })).statusCode).toBe(403)
    expect((await ask(location, { method: "DELETE", token: one })).statusCode).toBe(200)
    goOn()
    const ended = await ask(`${location}?wait=true`, { token: one })
    expect(ended.json()).toMatchObject({ state: "cancelled", problem: { code: "Cancelled" } })
  })

  it("decides that too for those of an administrator", async () => {
    const { ask, token } = await door()
    const { headers } = await ask("/api/v1/rebuild", { method: "POST", token: await token("admin"), payload: {} })
    const cancel = { method: "DELETE", token: await token("operate") } as const
    expect((await ask(headers.location as string, cancel)).statusCode).toBe(403)
  })

  it("decides how many more there may be: a few at once of one asker, and others have theirs", async () => {
    const { one, other, verify, goOn } = await held()
    const statuses: number[] = []
    for (let n = 0; n < 10; n++) statuses.push((await verify(one)).statusCode)
    expect(statuses).toEqual([...Array<number>(8).fill(202), 429, 429])
    expect((await verify(other)).statusCode).toBe(202)
    goOn()
  })
})

describe("the stream of changes", () => {
  it("is not begun by who asks for its head alone, nor is a login used up", async () => {
    const { app, fleet, token } = await door()
    const { secret } = await fleet.ops.tokens.createLogin("user:ada")
    const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${await token("read")}` }
    for (const url of ["/api/v1/changes/stream", "/api/v1/export", "/api/v1/inventory", `/login?code=${secret}`])
      expect((await app.inject({ method: "HEAD", url, headers })).statusCode).toBe(404)
    expect(await fleet.ops.tokens.redeem(secret)).toBeDefined()
  })

  it("is for those who are known", async () => {
    const { ask } = await door()
    expect((await ask("/api/v1/changes/stream")).json()).toMatchObject({ status: 401, code: "Unauthorized" })
  })

  it("gives each change once, goes on behind the last event seen, and comes as events or lines", async () => {
    const { app, ask, token, fleet, host } = await door()
    const secret = await token("read")
    const server = http.createServer((request, response) => {
      request.headers.host = `127.0.0.1:${port}`
      app.routing(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const address = server.address() as AddressInfo
    const read = async (
      path: string,
      headers: Record<string, string>,
      until: (text: string) => boolean,
    ): Promise<string> => {
      const request = http.get({
        host: address.address,
        port: address.port,
        path,
        headers: { authorization: `Bearer ${secret}`, ...headers },
      })
      const response = await new Promise<http.IncomingMessage>((resolve) => request.once("response", resolve))
      let text = ""
      for await (const chunk of response) {
        text += String(chunk)
        if (until(text)) break
      }
      request.destroy()
      return text
    }
    const all = read("/api/v1/changes/stream?after=0", {}, (text) => text.includes("id: 6"))
    for (const n of [1, 2, 3]) await changeKernel(fleet, host, `6.1.${n}`, `6.1.${n + 1}`)
    const ids = [...(await all).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    expect(ids).toEqual([1, 2, 3, 4, 5, 6])
    const rest = await read("/api/v1/changes/stream?after=0", { "last-event-id": "4" }, (text) =>
      text.includes("id: 6"),
    )
    expect([...rest.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([5, 6])
    const lines = await read("/api/v1/changes/stream?after=5", { accept: "application/x-ndjson" }, (text) =>
      text.includes("\n"),
    )
    expect(JSON.parse(lines)).toMatchObject({
      position: 6,
      type: "TargetChanged",
      changes: [{ path: "/os/kernel", after: "6.1.4" }],
    })
    // What is no change is not told, but that there was something is, at once.
    const said = read("/api/v1/changes/stream?after=6", {}, (text) => text.includes("position"))
    await ask("/api/v1/snapshots", { method: "POST", token: await token("operate"), payload: { name: "then" } })
    expect(await said).toBe('event: here\ndata: {"position":7}\n\n')
  })
})

describe("/openapi.json", () => {
  it("describes every operation in OpenAPI 3.1", async () => {
    const { ask } = await door()
    const description = (await ask("/openapi.json")).json() as {
      openapi: string
      paths: Record<string, Record<string, { operationId: string }>>
    }
    expect(description.openapi).toBe("3.1.0")
    for (const { name, route } of operations) {
      expect(description.paths[route.path]?.[route.method.toLowerCase()]?.operationId).toBe(name.replaceAll(" ", "_"))
    }
  })
})
