/** Checks through their operations, at real servers: what they say, what is written of it, and when they end. */
import * as net from "node:net"
import type * as http from "node:http"
import { scheduleChecks } from "#checks/schedule.js"
import { tableOf } from "#cli/tables.js"
import type { Fleet } from "#fleet.js"
import { asker } from "#tests/support/asker.js"
import { open } from "#tests/support/folder-fleet.js"
import { freePort } from "#tests/support/free-port.js"
import { refusalOf } from "#tests/support/refusal.js"
import { addHost } from "#tests/support/scripted-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { identity, listening, secureServer, webServer } from "#tests/support/web-servers.js"
import { describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
  readonly runs: Record<string, unknown>[]
  readonly next: string | null
}

const once = { retries: 1, timeout: "1s" }

async function fleetWith(checks: readonly object[], clock = new TestClock()): Promise<Fleet> {
  return open(await tempFolder(), JSON.stringify({ checks }), clock)
}

/** What one check says when it is run now. */
async function resultOf(check: object): Promise<unknown> {
  const ask = asker<Answer>(await fleetWith([{ name: "it", ...once, ...check }]))
  const [run] = (await ask("checks run")).runs
  return [run?.["result"], run?.["detail"]]
}

const answering =
  (status: number, body = "", headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

describe("a check of a web server", () => {
  it("passes where it answers as expected, with what it took measured", async () => {
    const url = await webServer(answering(200, "all is well"))
    const clock = new TestClock()
    const fleet = await fleetWith([{ name: "site", kind: "http", url, ...once, expect: { body: "is well" } }], clock)
    const ask = asker<Answer>(fleet)
    const run = await ask("checks run", { name: "site" })
    expect(run).toMatchObject({
      changes: 1,
      runs: [{ name: "site", result: "passing", status: "passing", changed: true }],
    })
    const listed = await ask("checks")
    expect(listed.items).toMatchObject([{ name: "site", kind: "http", about: null, status: "passing", detail: null }])
    expect(listed.items[0]?.["latencyMs"]).toBeGreaterThan(0)
    expect(listed.items[0]?.["since"]).toEqual({ position: run["position"], time: clock.now() })
    expect(tableOf("checks", listed)).toMatch(/NAME +ABOUT +STATUS.*\nsite +- +passing/)
    expect(tableOf("checks run", run)).toContain("1 check run, 1 change")
  })

  it.each([
    ["a status", answering(503), {}, "it answers 503, and 200 to 299 is expected"],
    ["a status that is not the one", answering(200), { status: 204 }, "it answers 200, and 204 is expected"],
    ["a body", answering(200, "no"), { body: "yes" }, "the text that is expected is not in it"],
    ["a pattern", answering(200, "no"), { bodyMatches: "^yes$" }, "it does not match what is expected"],
    ["a certificate", answering(200), { certificateDays: 1 }, "it shows no certificate"],
  ])("fails by %s", async (_, answer, expected, sentence) => {
    const url = await webServer(answer)
    expect(await resultOf({ kind: "http", url, expect: expected })).toEqual(["failing", sentence])
  })

  it("fails where nobody listens, nobody answers, or the answer does not come to its end", async () => {
    const refused = await resultOf({ kind: "http", url: `http://127.0.0.1:${await freePort()}` })
    expect(refused).toEqual(["failing", "it refuses connections"])
    const silent = await webServer(() => undefined)
    expect(await resultOf({ kind: "http", url: silent })).toEqual(["failing", "it does not answer within 1 s"])
    const dripping = await webServer((_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write("."), 50)
      response.on("close", () => clearInterval(timer))
    })
    const body = { kind: "http", url: dripping, expect: { body: "end" } }
    expect(await resultOf(body)).toEqual(["failing", "it does not answer within 1 s"])
    const broken = await webServer((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("x")
      response.socket?.destroy()
    })
    const [status] = (await resultOf({ kind: "http", url: broken, expect: { body: "y" } })) as string[]
    expect(status).toBe("failing")
  })

  it("reads no more of a body than it judges, however long that is", async () => {
    let sent = 0
    const endless = await webServer((_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(10_000))) sent += 10_000
      }
      response.on("drain", more)
      more()
    })
    const expected = { kind: "http", url: endless, expect: { bodyMatches: "^x+$" } }
    expect(await resultOf(expected)).toEqual(["passing", null])
    expect(await resultOf({ kind: "http", url: endless })).toEqual(["passing", null])
    expect(sent).toBeLessThan(20_000_000)
  })

  it("does not wait for a pattern that a text was made for", async () => {
    const url = await webServer(answering(200, `${"a".repeat(60)}!`))
    const [status, detail] = (await resultOf({ kind: "http", url, expect: { bodyMatches: "^(a+)+$" } })) as string[]
    expect([status, detail]).toEqual([
      "unknown",
      "the pattern that is expected took longer than 100 ms on what it answers",
    ])
  })

  it("follows a redirection on its host, and to another one only where it is told to", async () => {
    const there = await webServer(answering(200, "there"))
    const elsewhere = there.replace("127.0.0.1", "localhost")
    const own = await webServer((request, response) =>
      request.url === "/" ? response.writeHead(302, { location: "/on" }).end() : response.end("here"),
    )
    const away = await webServer(answering(302, "", { location: `${elsewhere}/secret?token=x` }))
    const round = await webServer(answering(302, "", { location: "/" }))
    const run = (url: string, more: object = {}) => resultOf({ kind: "http", url, ...more })
    expect(await run(own, { expect: { body: "here" } })).toEqual(["passing", null])
    const left = `it answers 302 and leads to ${elsewhere}/secret, and 200 to 299 is expected`
    expect(await run(away)).toEqual(["failing", left])
    expect(await run(away, { redirects: "any", expect: { body: "there" } })).toEqual(["passing", null])
    expect(await run(own, { redirects: "none", expect: { status: 302 } })).toEqual(["passing", null])
    expect(await run(own, { expect: { status: [301, 302] } })).toEqual(["passing", null])
    expect((await run(round)) as string[]).toContain("failing")
  })

  it("believes a certificate that is for its name, from whom it trusts, and valid for long enough", async () => {
    const good = await identity("web.lan", 30)
    const url = await secureServer(good, answering(200))
    const run = (tls: object, days = 1) => resultOf({ kind: "http", url, tls, expect: { certificateDays: days } })
    expect(await run({ ca: good.certificate })).toEqual(["passing", null])
    expect(await run({ ca: good.certificate, serverName: "web.lan" })).toEqual(["passing", null])
    expect(await run({ ca: good.certificate }, 60)).toEqual([
      "failing",
      expect.stringMatching(/^its certificate is valid for \d+ more days, and 60 are asked for$/),
    ])
    expect(await run({})).toEqual(["failing", "its certificate is signed by itself, and not trusted"])
    expect(await run({ verify: false })).toEqual(["passing", null])
    expect(await run({ ca: good.certificate, serverName: "other.lan" })).toEqual([
      "failing",
      "its certificate is for another name",
    ])
    expect(await run({ ca: "/nowhere.pem" })).toEqual([
      "failing",
      expect.stringContaining("/nowhere.pem cannot be read"),
    ])
  })
})

describe("a check of a port", () => {
  it("passes where somebody listens, speaks TLS if it is to, and fails otherwise", async () => {
    const port = await listening(net.createServer((socket) => socket.end()))
    const own = await identity("db.lan", 30)
    const secure = await secureServer(own, answering(200))
    const run = (address: string, more: object = {}) => resultOf({ kind: "tcp", address, ...more })
    expect(await run(`127.0.0.1:${port}`)).toEqual(["passing", null])
    expect(await run(`127.0.0.1:${await freePort()}`)).toEqual(["failing", "it refuses connections"])
    const at = secure.slice("https://".length)
    expect(await run(at, { tls: { ca: own.certificate } })).toEqual(["passing", null])
    expect(await run(at, { tls: {} })).toEqual(["failing", "its certificate is signed by itself, and not trusted"])
    const soon = { tls: { verify: false }, expect: { certificateDays: 90 } }
    expect(await run(at, soon)).toMatchObject(["failing", /./])
  })
})

describe("what tries agree upon", () => {
  it("is told when enough in a row say so, and nothing is written while all is as it was told", async () => {
    let status = 200
    const url = await webServer((_, response) => response.writeHead(status).end())
    const fleet = await fleetWith([{ name: "site", kind: "http", url, retries: 3 }])
    const head = async () => (await fleet.ledger.head()).position
    const [instance] = await fleet.checks.settle("system")
    const attempt = () =>
      fleet.checks.attempt(instance as never, { actor: "system", signal: new AbortController().signal })
    const changed: boolean[] = []
    for (let tries = 0; tries < 5; tries++) changed.push((await attempt()).changed)
    expect(changed).toEqual([false, false, true, false, false])
    const told = await head()
    status = 500
    for (const next of [500, 500, 200, 500, 500]) {
      status = next
      await attempt()
    }
    expect(await head()).toBe(told)
    status = 500
    expect(await attempt()).toMatchObject({ changed: true, standing: "failing" })
    const [event] = await fleet.ledger.readStream(`check-${instance?.id}` as never, { limit: 1, backwards: true })
    expect(event).toMatchObject({
      type: "CheckStatusChanged",
      data: {
        check: "site",
        kind: "http",
        about: null,
        from: "passing",
        to: "failing",
        detail: "it answers 500, and 200 to 299 is expected",
      },
    })
    const ask = asker<Answer>(fleet)
    const then = await ask("checks", { at: `position:${told}` })
    expect([(await ask("checks")).items, then.items]).toMatchObject([[{ status: "failing" }], [{ status: "passing" }]])
    expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
  })
})

describe("checks at entities", () => {
  const where = { name: "ssh", kind: "tcp", where: "name:web-*", address: "{host}:22", ...once }

  it("are one for each that is found, which ends when it is found no more or is configured no more", async () => {
    const clock = new TestClock()
    const folder = await tempFolder()
    const fleet = await open(folder, JSON.stringify({ checks: [where] }), clock)
    // Names that are no addresses anywhere.
    for (const name of ["web-1.invalid", "web-2.invalid", "db-1.invalid"]) await addHost(fleet, name)
    const ask = asker<Answer>(fleet)
    expect((await ask("checks run")).runs).toHaveLength(2)
    const named = async (input: object = {}) =>
      (await ask("checks", { ...input })).items.map(({ about, status }) => [(about as { name: string }).name, status])
    expect(await named()).toEqual(
      expect.arrayContaining([
        ["web-1.invalid", "failing"],
        ["web-2.invalid", "failing"],
      ]),
    )
    expect(await named({ entity: "web-2.invalid" })).toEqual([["web-2.invalid", "failing"]])
    expect(await named({ status: "passing" })).toEqual([])
    const { items, next } = await ask("checks", { limit: 1 })
    const rest = await ask("checks", { limit: 1, cursor: next })
    expect(new Set([...items, ...rest.items].map(({ id }) => id)).size).toBe(2)
    expect(rest.next).toBeNull()
    const { position } = await fleet.ledger.head()
    await fleet.close()
    const less = await open(folder, JSON.stringify({ checks: [{ ...where, where: "name:web-2*" }] }), clock)
    await less.checks.settle("system")
    const told = await asker<Answer>(less)("checks")
    expect(told.items).toMatchObject([{ about: { name: "web-2.invalid" } }])
    const before = await asker<Answer>(less)("checks", { at: `position:${position}` })
    expect(before.items).toHaveLength(2)
    await less.close()
    const none = await open(folder, "{}", clock)
    const running = scheduleChecks(none.checks, { isOurs: () => true }, { changed: () => {}, broken: () => {} })
    await until(async () => (await none.views.checks.at((await none.ledger.head()).position)).length === 0)
    await running.stop()
  })

  it("are not tried where nothing is known to put into their place", async () => {
    const fleet = await fleetWith([{ ...where, where: "name:web-1", address: "{address}:22" }])
    await addHost(fleet, "web-1")
    const { runs } = await asker<Answer>(fleet)("checks run")
    expect(runs).toMatchObject([
      {
        result: "unknown",
        status: "unknown",
        changed: false,
        detail: "nothing is known of it to put in the place of {address}",
      },
    ])
    expect((await asker<Answer>(fleet)("checks")).items).toEqual([])
  })
})

describe("the schedule", () => {
  it("tries at once and then when it is time, one try at a time, only where it is this instance's turn", async () => {
    let [asked, together, most, ours] = [0, 0, 0, false]
    const url = await webServer((_, response) => {
      asked += 1
      most = Math.max(most, ++together)
      response.end(() => (together -= 1))
    })
    const checks = Array.from({ length: 6 }, (_, index) => ({ name: `c${index}`, kind: "http", url, ...once }))
    const fleet = await open(await tempFolder(), JSON.stringify({ checks, checking: { together: 2, every: "1s" } }))
    const waits: number[] = []
    const sleep = async (ms: number, signal: AbortSignal) => {
      waits.push(ms)
      // Not at once: whoever is asked needs the processor, too.
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (waits.length > 5_000) await new Promise((resolve) => signal.addEventListener("abort", resolve))
    }
    const changes: string[] = []
    const running = scheduleChecks(
      fleet.checks,
      { isOurs: () => ours, sleep },
      {
        changed: ({ instance }) => changes.push(instance.check.name),
        broken: (_, message) => changes.push(message),
      },
    )
    await until(() => waits.length > 20)
    expect(asked).toBe(0)
    ours = true
    await until(() => asked >= 18 && changes.length >= 6)
    const { position } = await fleet.ledger.head()
    const seen = asked
    await until(() => asked >= seen + 12)
    expect((await fleet.ledger.head()).position).toBe(position)
    await running.stop()
    expect(changes.toSorted()).toEqual(checks.map(({ name }) => name))
    expect(most).toBeLessThanOrEqual(2)
    const regular = waits.filter((ms) => ms !== 5_000)
    expect(Math.min(...regular)).toBeGreaterThanOrEqual(900)
    expect(Math.max(...regular)).toBeLessThanOrEqual(1_100)
  })
})

describe("configured checks", () => {
  it.each([
    [{ kind: "http", url: "ftp://x" }, '"checks.0.url" is wrong: an address that begins with http:// or https://'],
    [{ kind: "http", url: "http://{address}/" }, '{address} is of what "where" finds, which is not there'],
    [{ kind: "http", where: "web", url: "http://{adress}/" }, "{adress} is nothing that is filled in"],
    [
      { kind: "http", where: "web", url: "http://{host}:{port}/" },
      'a machine has no one port; write it, or "of: service"',
    ],
    [{ kind: "tcp", address: "web" }, '"checks.0.address" is wrong: host:port'],
    [{ kind: "http", url: "http://x", expect: { bodyMatches: "(" } }, "a regular expression"],
    [{ kind: "http", url: "http://x", retrys: 3 }, 'there is no key "checks.0.retrys"; did you mean "retries"?'],
    [
      { kind: "http", where: "nam:web", url: "http://x" },
      'the check "it" cannot ask where it is run: character 1 of the query',
    ],
  ])("are refused as %j", async (check, sentence) => {
    expect((await refusalOf(() => fleetWith([{ name: "it", ...check }]))).message).toContain(sentence)
  })

  it("have names of their own, and are asked for by them", async () => {
    const check = { name: "site", kind: "tcp", address: "127.0.0.1:1" }
    const twice = await refusalOf(() => fleetWith([check, check]))
    expect(twice.message).toContain('another check is called "site"')
    const ask = asker<Answer>(await fleetWith([check]))
    const refused = await refusalOf(() => ask("checks run", { name: "sit" }))
    expect(refused.message).toBe('there is no check "sit"; did you mean "site"?')
  })
})
