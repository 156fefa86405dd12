/**
 * Ways between the parts that are cut, or that nothing comes through any more though nobody ended them, as when a firewall forgets a connection: who waits is told within its time, in words; what
 * was acknowledged is there, and once; and all goes on by itself when the way is mended. Hosts over ssh are in ssh-chaos.test.ts.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import * as v8 from "node:v8"
import * as vm from "node:vm"
import { pino } from "pino"
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import type { Caller } from "#cli/caller.js"
import { describeCommands } from "#cli/describe.js"
import { type Patience, remoteCaller } from "#cli/remote.js"
import { collector } from "#collecting/collector.js"
import type { RecordedEvent } from "#events/catalog.js"
import type { Source } from "#discovery/observation.js"
import { dockerSource } from "#discovery/sources/docker.js"
import { fileSource } from "#discovery/sources/file.js"
import type { Fleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { type Position, origin } from "#kernel/point.js"
import { sleep } from "#kernel/sleep.js"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { defaultTimings } from "#ledger/eventstoredb/timings.js"
import { noStream } from "#ledger/port.js"
import { checkpointWebhook } from "#sealing/webhook.js"
import { CutProxy } from "#tests/support/cut-proxy.js"
import { startEventStore } from "#tests/support/eventstoredb/server.js"
import { nameOf, open, populate } from "#tests/support/folder-fleet.js"
import { freePort } from "#tests/support/free-port.js"
import { Receiver } from "#tests/support/receiver.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { sharedByTests, whenFinished } from "#tests/support/when-finished.js"

const forever = new AbortController().signal
const silent = () => undefined
const patience: Patience = { answerMs: 500, silenceMs: 500, againMs: 30 }
const gone = { code: "SourceUnavailable" }

const specs = new Map(describeCommands().map((spec) => [spec.name, spec]))
const specOf = (name: string) => specs.get(name) as NonNullable<ReturnType<typeof specs.get>>

let fleet: Fleet
/** The way to its server. */
let way: CutProxy
let caller: Caller
const { privateKey: key, publicKey } = crypto.generateKeyPairSync("ed25519")
/** How a look at "slow" is told to end, which says how far it is until then. */
let finish = new AbortController()
let looks = 0
const slow: Source = {
  ...fileSource("slow", { path: "/nowhere" }),
  async look(signal, progress) {
    looks += 1
    for (let done = 0; !finish.signal.aborted && !signal.aborted; done++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      progress?.(done, 1_000, "slow")
    }
    throw new Error("it is over")
  },
}

beforeAll(() =>
  sharedByTests(async () => {
    const text = publicKey.export({ format: "der", type: "spki" }).toString("base64")
    fleet = await open(await tempFolder(), `collectors: [{ name: site1, key: "${text}" }]`, systemClock)
    await populate(fleet, 100)
    const port = await freePort()
    way = await CutProxy.to(port)
    const served = { ...fleet, discovery: { ...fleet.discovery, sources: [slow] } }
    const app = await buildApi(served, onLoopback(way.port), pino({ level: "silent" }))
    whenFinished(() => app.close())
    await app.listen({ host: "127.0.0.1", port })
    const { secret } = await fleet.ops.tokens.create("ada", "admin", 1e12)
    caller = remoteCaller(`http://127.0.0.1:${way.port}`, secret, patience)
  }),
)

afterEach(() => {
  way.slowDown(0)
  way.mend()
  finish.abort()
  finish = new AbortController()
})

const call = (name: string, input: Record<string, unknown> = {}) => caller.invoke(specOf(name), input, forever, silent)

/** Events that came since, of these types. */
const came = (since: Position, type: RegExp) =>
  fleet.ledger
    .readAll({ after: since, limit: 1_000 })
    .then((events) => events.filter((event) => type.test(event.type)).map(({ position }) => position))
const headNow = async () => (await fleet.ledger.head()).position

const breaks = [
  ["is cut", () => way.cut(), / cannot be reached: | has gone$/],
  ["lets nothing through", () => way.hold(), / did not answer within 0\.5 s| has said nothing for 0\.5 s/],
] as const

describe("a command whose way to its server", () => {
  it.each(breaks)("%s is told so, and answered once it is mended", async (_, begin, message) => {
    const machines = { limit: 2 }
    expect(await call("targets", machines)).toMatchObject({ items: [{}, {}] })
    begin()
    expect(await refusalOf(() => call("targets", machines))).toMatchObject({
      ...gone,
      message: expect.stringMatching(message),
    })
    way.mend()
    expect(await call("targets", machines)).toMatchObject({ items: [{}, {}] })
  })

  it("brings no answer back is told that it may have been done; doing it again does it once", async () => {
    const before = await headNow()
    way.hold("back")
    const tag = { target: nameOf(0), tag: "edge" }
    expect((await refusalOf(() => call("tag add", tag))).message).toMatch(
      /did not answer within 0\.5 s; whether it did what was asked is not known$/,
    )
    way.mend()
    await call("tag add", tag)
    expect(await came(before, /./)).toHaveLength(1)
  })

  it.each(breaks)("%s in the midst of a text is told, and takes no part for the whole", async (_, begin, message) => {
    way.slowDown(1)
    let length = 0
    const read = async () => {
      for await (const piece of caller.read(specOf("export"), {}, forever)) {
        if (length === 0) begin()
        length += piece.length
      }
    }
    expect(await refusalOf(read)).toMatchObject({ ...gone, message: expect.stringMatching(message) })
    expect(length).toBeGreaterThan(0)
  })

  it("is slow, waits for all of it", async () => {
    const whole = async () => {
      let text = ""
      for await (const piece of caller.read(specOf("export"), {}, forever)) text += piece
      return text
    }
    const before = await whole()
    way.slowDown(3)
    const began = Date.now()
    expect(await whole()).toBe(before)
    // It takes longer than anything is waited for.
    expect(Date.now() - began).toBeGreaterThan(before.length / 1_024)
  })

  it.each(breaks)("%s while work goes on there hears how that ended", async (_, begin) => {
    const before = looks
    let heard = 0
    const answer = caller.invoke(specOf("discover"), {}, forever, () => (heard += 1))
    await until(() => heard > 1)
    const { connections } = way
    begin()
    await until(() => way.connections > connections + 1)
    way.mend()
    finish.abort()
    expect(await answer).toMatchObject({ runs: [{ outcome: "failed", message: "it is over" }] })
    expect(looks).toBe(before + 1)
  })

  it("is broken for good while work goes on there is told that it may go on", async () => {
    const asking = caller.invoke(specOf("discover"), {}, forever, () => way.cut())
    expect((await refusalOf(() => asking)).message).toMatch(/; what was begun there may still be going on$/)
  })
})

/** Machines that came first have smaller numbers. */
let from = 1_000

describe("a follower whose way to the server", () => {
  it.each(breaks)("%s is told, and goes on behind what it has, without a gap", async (_, begin) => {
    const before = await headNow()
    await populate(fleet, 2, (from += 10))
    const seen: number[] = []
    const follow = async (enough: number) => {
      const after = seen.at(-1) ?? before
      for await (const item of caller.follow(specOf("watch"), { after }, forever)) {
        seen.push((item as { position: number }).position)
        if (seen.length >= enough) begin()
      }
    }
    expect(await refusalOf(() => follow(3))).toMatchObject(gone)
    await populate(fleet, 2, (from += 10))
    way.mend()
    const all = await came(before, /^Target/)
    await refusalOf(() => follow(all.length))
    expect(seen).toEqual(all)
  })
})

describe("a collector whose way to the server", () => {
  it.each([
    ["is cut", () => way.cut()],
    ["lets nothing through", () => way.hold()],
    ["brings no answer back", () => way.hold("back")],
  ] as const)("%s keeps what it saw, and each look counts once when it is mended", async (is, begin) => {
    const before = await headNow()
    const own = await tempFolder()
    const file = path.join(own, "hosts.yaml")
    const source = fileSource(is.replaceAll(" ", "-"), { path: file }, { clock: systemClock })
    const waited: string[] = []
    const collecting = collector({
      name: "site1",
      sources: [source],
      folder: own,
      key,
      server: `http://127.0.0.1:${way.port}`,
      told: { sent: silent, refused: silent, waiting: (message) => waited.push(message) },
      sleep: (ms, aborted) => sleep(ms < 60_000 ? 20 : ms, aborted),
      patienceMs: 800,
    })
    const abort = new AbortController()
    begin()
    const sending = collecting.send(abort.signal)
    for (const hosts of ["- name: a", "- name: a\n- name: b"]) {
      fs.writeFileSync(file, `hosts:\n${hosts}`)
      await collecting.look(source, { actor: "system", signal: forever })
    }
    await untilCollected(() => waited.length >= 2)
    expect(collecting.count()).toBe(2)
    for (const message of waited)
      expect(message).toMatch(/^the server cannot be reached: (no answer within 0\.8 s|.*(closed|ECONNRESET))/)
    way.mend()
    await until(() => collecting.count() === 0)
    abort.abort()
    await sending
    expect(await came(before, /^TargetDiscovered$/)).toHaveLength(2)
    expect(await came(before, /Unseen|Retired/)).toEqual([])
  })
})

describe("whoever keeps checkpoints elsewhere", () => {
  it("and does not answer is given up within the time, whatever memory is tidied meanwhile", async () => {
    const receiver = await Receiver.start()
    const away = await CutProxy.to(Number(new URL(receiver.url).port))
    away.hold("back")
    await fleet.sealing.now()
    const [event] = await fleet.ledger.readAll({ after: origin, types: ["LedgerCheckpointed"], limit: 1 })
    const webhook = checkpointWebhook(`http://127.0.0.1:${away.port}/secret`, 500)
    let message = ""
    const handled = webhook.handle(event as RecordedEvent, { signal: forever } as never)
    handled.catch((error: unknown) => (message = String(error)))
    await untilCollected(() => message !== "")
    expect(message).toBe(`Error: 127.0.0.1:${away.port} cannot be reached: no answer within 0.5 s`)
  })
})

describe("a reader whose way to the cluster", () => {
  it.each([
    ["is cut", (there: CutProxy) => there.cut()],
    ["lets nothing through", (there: CutProxy) => there.hold()],
  ] as const)("%s says that it waits, answers from its copy, and catches up once it is mended", async (_, begin) => {
    const server = await startEventStore()
    onTestFinished(() => server.dispose())
    const there = await CutProxy.to(server.endpoint.port)
    const timings = { ...defaultTimings, firstWaitMs: 5, longestWaitMs: 40, silenceMs: 200, callMs: 500 }
    const copy = async (name: string, port: number) => {
      const address = `esdb://127.0.0.1:${port}?tls=false`
      const file = path.join(await tempFolder(), name)
      const ledger = await openEventStoreLedger({
        address,
        file,
        timings,
      })
      onTestFinished(() => ledger.close())
      return ledger
    }
    const writer = await copy("writer.db", server.endpoint.port)
    const reader = await copy("reader.db", there.port)
    const one = stream("target-1")
    await writer.append(one, noStream, changes(2), "before")
    await until(async () => (await reader.head()).position === 1)
    begin(there)
    await until(() => reader.state.is === "waiting")
    await writer.append(one, 1, changes(2), "meanwhile")
    expect(await reader.readStream(one, { limit: 10 })).toHaveLength(2)
    there.mend()
    await until(async () => (await reader.head()).position === 3)
    expect(await reader.readStream(one, { limit: 10 })).toEqual(await writer.readStream(one, { limit: 10 }))
  })
})

describe("following an engine's events", () => {
  it("begins anew where a connection is taken, and nothing is ever said on it", async () => {
    let answers: http.ServerResponse | undefined
    const server = http.createServer((_, response) => (answers = response.writeHead(200)).flushHeaders())
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const there = await CutProxy.to((server.address() as net.AddressInfo).port)
    there.hold("back")
    const overSsh = () => ({ connect: () => Promise.reject(new Error("nobody asks")) })
    const ports = { clock: systemClock, overSsh, patienceMs: 200 }
    const source = dockerSource("engine", { host: `tcp://127.0.0.1:${there.port}` }, ports)
    const abort = new AbortController()
    const following = source.changes?.(abort.signal)[Symbol.asyncIterator]()
    const began = following?.next()
    await until(() => there.connections > 1)
    there.mend()
    expect(await began).toEqual({ done: false, value: undefined })
    // Nor is one listened to whose event has no end.
    const next = following?.next()
    const { connections } = there
    answers?.write("x".repeat(2 ** 21))
    await until(() => there.connections > connections)
    expect(await next).toEqual({ done: false, value: undefined })
    abort.abort()
  })
})

/** Waits while everything that nobody holds on to is let go of, as it is in the long run. */
async function untilCollected(condition: () => boolean): Promise<void> {
  v8.setFlagsFromString("--expose-gc")
  const collect = vm.runInNewContext("gc") as () => void
  await until(() => {
    collect()
    return condition()
  })
}
