/** What a collector saw elsewhere arrives once and in order, whatever becomes of the way, the server or the collector; and nobody speaks for another. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { FastifyInstance } from "fastify"
import { pino } from "pino"
import { describe, expect, it, onTestFinished } from "vitest"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import { type Collector, collector } from "#collecting/collector.js"
import { envelopeOf, headersOf, lookType } from "#collecting/envelope.js"
import { causesIn } from "#discovery/facts/apt-history.js"
import type { Source } from "#discovery/observation.js"
import { fileSource } from "#discovery/sources/file.js"
import type { Fleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { asker } from "#tests/support/asker.js"
import { everywhere } from "#tests/support/discovery-bench.js"
import { open } from "#tests/support/folder-fleet.js"
import { freePort } from "#tests/support/free-port.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { gzipSync } from "node:zlib"

const signal = new AbortController().signal

interface Site {
  readonly fleet: Fleet
  readonly port: number
  readonly key: crypto.KeyObject
  readonly folder: string
  /** Says what is there from now on. */
  readonly say: (...hosts: string[]) => void
  readonly source: Source
  readonly up: () => Promise<FastifyInstance>
  readonly collecting: (source?: Source, key?: crypto.KeyObject) => Collecting
}

interface Collecting extends Collector {
  readonly refused: string[]
  readonly waited: string[]
  /** Looks once, sends until nothing waits. */
  readonly once: () => Promise<void>
}

async function site(): Promise<Site> {
  const folder = await tempFolder()
  const { privateKey: key, publicKey } = crypto.generateKeyPairSync("ed25519")
  const text = publicKey.export({ format: "der", type: "spki" }).toString("base64")
  const fleet = await open(folder, `collectors: [{ name: site1, key: "${text}" }]`, systemClock)
  const port = await freePort()
  const file = path.join(folder, "hosts.yaml")
  const say = (...hosts: string[]) =>
    fs.writeFileSync(file, `hosts:\n${hosts.map((host) => `  - name: ${host}\n`).join("")}`)
  const source = fileSource("racks", { path: file }, { clock: systemClock })
  const up = async () => {
    const app = await buildApi(fleet, onLoopback(port), pino({ level: "silent" }))
    await app.listen({ host: "127.0.0.1", port })
    onTestFinished(() => app.close())
    return app
  }
  const collecting = (of: Source = source, signing = key): Collecting => {
    const [refused, waited]: [string[], string[]] = [[], []]
    const made = collector({
      name: "site1",
      sources: [of],
      folder,
      key: signing,
      server: `http://127.0.0.1:${port}`,
      told: {
        sent: () => {},
        waiting: (message) => waited.push(message),
        refused: (_, message) => refused.push(message),
      },
      sleep: async (ms, aborted) => {
        if (ms < 60_000) await new Promise((resolve) => setTimeout(resolve, 1))
        else await new Promise((resolve) => aborted.addEventListener("abort", resolve, { once: true }))
      },
    })
    const once = async () => {
      await made.look(of, { actor: "system", signal })
      const abort = new AbortController()
      const sending = made.send(abort.signal)
      await until(() => made.count() === 0)
      abort.abort()
      await sending
    }
    return { ...made, refused, waited, once }
  }
  return { fleet, port, key, folder, say, source, up, collecting }
}

async function machines({ fleet }: Site): Promise<Record<string, string>> {
  const { position: at } = await fleet.ledger.head()
  await fleet.reached(at)
  const page = await fleet.views.entities.page({ kind: "target", at, limit: 100, includeRetired: true })
  return Object.fromEntries(page.map(({ name, lifecycle }) => [name, lifecycle]))
}

describe("what a collector saw", () => {
  it("is recorded as what its own sources tell, and once", async () => {
    const here = await site()
    await here.up()
    here.say("web-1", "web-2")
    const collecting = here.collecting()
    await collecting.once()
    expect(await machines(here)).toEqual({ "web-1": "observed", "web-2": "observed" })
    const records = await here.fleet.views.inventory.recordsOf("site1.racks")
    expect(records).toHaveLength(2)
    const { position } = await here.fleet.ledger.head()
    await collecting.once()
    expect((await here.fleet.ledger.head()).position).toBe(position)
  })

  it("waits on the disk while the server is away, and arrives in order", async () => {
    const here = await site()
    const collecting = here.collecting()
    for (const hosts of [["a"], ["a", "b"], ["b"], ["b"], ["b"]]) {
      here.say(...hosts)
      await collecting.look(here.source, { actor: "system", signal })
    }
    expect(collecting.count()).toBe(5)
    // Another process goes on where that one was killed.
    const again = here.collecting()
    expect(again.count()).toBe(5)
    const abort = new AbortController()
    const sending = again.send(abort.signal)
    await until(() => again.waited.length > 2)
    await here.up()
    await until(() => again.count() === 0)
    abort.abort()
    await sending
    expect(await machines(here)).toEqual({ a: "retired", b: "observed" })
  })

  it("that was taken, but of which the collector never heard, is not done again", async () => {
    const here = await site()
    await here.up()
    here.say("a")
    const lost = here.collecting()
    await lost.look(here.source, { actor: "system", signal })
    const spool = path.join(here.folder, "spool")
    const kept = fs.readdirSync(spool).filter((name) => /^\d{16}$/.test(name))
    for (const name of kept) fs.copyFileSync(path.join(spool, name), path.join(here.folder, name))
    const collecting = here.collecting()
    await collecting.once()
    const { position } = await here.fleet.ledger.head()
    const [first = ""] = kept
    fs.copyFileSync(path.join(here.folder, first), path.join(spool, first))
    const again = here.collecting()
    const abort = new AbortController()
    const sending = again.send(abort.signal)
    await until(() => again.count() === 0)
    abort.abort()
    await sending
    expect((await here.fleet.ledger.head()).position).toBe(position)
  })

  it("is not that a machine is gone, where its source knows better", async () => {
    const here = await site()
    await here.up()
    const hiding: Source = {
      ...here.source,
      whyUnseen: async (keys) => new Map(keys.map((key) => [key, "no right to see it"])),
    }
    const collecting = here.collecting(hiding)
    here.say("a", "b")
    await collecting.once()
    here.say("a")
    for (let look = 0; look < 5; look++) await collecting.once()
    expect(await machines(here)).toEqual({ a: "observed", b: "observed" })
  })

  it("is by whom its log says it was, and no surprise where a host upgrades by itself", async () => {
    const here = await site()
    await here.up()
    const ask = asker<{ readonly items: readonly object[] }>(here.fleet)
    let [version, log] = ["1", ""]
    const upgraded: Source = {
      ...here.source,
      look: async () => {
        const packages = { "pkg:dpkg": { version: "1", architecture: "amd64" }, "pkg:nginx": { version } }
        const machine = { kind: "target", nativeKey: "a", facets: { identity: { name: "a" }, packages } } as const
        const causes = causesIn({ text: `+0000\n${log}` }, machine)
        const coverage = { rights: "root", looked: { packages: true }, notLooked: {}, complete: everywhere } as const
        return { observedAt: systemClock.now(), observations: [machine], coverage, causes }
      },
    }
    const collecting = here.collecting(upgraded)
    await collecting.once()
    await ask("pin", { name: "golden" })
    const becomes = async (next: string, asked: string) => {
      const now = systemClock.now().slice(0, 19).replace("T", "  ")
      const done = `Upgrade: nginx:amd64 (${version}, ${next})\nEnd-Date: ${now}\n`
      log += `\nStart-Date: ${now}\n${asked}\n${done}`
      version = next
      await collecting.once()
      return (await ask("history", { entity: "a", field: "/packages", limit: 1 })).items[0]
    }
    const unattended = await becomes("2", "Commandline: /usr/bin/unattended-upgrade")
    expect(unattended).toMatchObject({ reason: "/usr/bin/unattended-upgrade", expectation: "expected" })
    const asked = await becomes("3", "Commandline: apt-get install nginx\nRequested-By: alice (1000)")
    expect(asked).toMatchObject({ by: "alice", reason: "apt-get install nginx", expectation: "surprising" })
  })

  it("is a look that failed, where one did", async () => {
    const here = await site()
    await here.up()
    const broken: Source = {
      ...here.source,
      look: () => Promise.reject(new FleetError("SourceUnavailable", "the rack is locked")),
    }
    await here.collecting(broken).once()
    const [run] = await here.fleet.views.runs.latest((await here.fleet.ledger.head()).position)
    expect(run).toMatchObject({ source: "site1.racks", outcome: "failed", message: "the rack is locked" })
  })
})

describe("what is not a collector's to say", () => {
  const send = async ({ port }: Site, headers: Record<string, string>, body: Buffer) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/intake`, {
      method: "POST",
      headers: { "content-type": lookType, ...headers },
      body: new Uint8Array(body),
    })
    return { status: response.status, detail: ((await response.json()) as { detail?: string }).detail }
  }
  const signed = (here: Site, body: Buffer, sequence = Date.now()) =>
    headersOf(envelopeOf("site1", sequence, body), here.key)
  const empty = { source: "racks", kind: "file", tellsApart: true }

  it("is refused before anything of it is read: another's key, another's name, no signature, another body", async () => {
    const here = await site()
    await here.up()
    const body = gzipSync("{}")
    const { privateKey: other } = crypto.generateKeyPairSync("ed25519")
    const before = (await here.fleet.ledger.head()).position
    const statuses = [
      await send(here, headersOf(envelopeOf("site1", 1, body), other), body),
      await send(here, headersOf(envelopeOf("site2", 1, body), here.key), body),
      await send(here, {}, body),
    ].map(({ status }) => status)
    expect(statuses).toEqual([401, 401, 401])
    expect((await send(here, signed(here, body), gzipSync("[]"))).status).toBe(400)
    expect((await here.fleet.ledger.head()).position).toBe(before)
  })

  it.each([
    ["nothing", "", "the look cannot be unpacked"],
    ["another's source", { ...empty, source: "../here", result: { is: "failed", code: "x", message: "y" } }, "/source"],
    ["unknown facts", { ...empty, result: seen({ nonsense: {} }) }, "nonsense"],
    ["what no fact is", { ...empty, result: seen({ os: { kernel: 7 } }) }, "os/kernel"],
  ])("is refused and named: %s", async (_, look, sentence) => {
    const here = await site()
    await here.up()
    const body = typeof look === "string" ? Buffer.from(look) : gzipSync(JSON.stringify(look))
    const { status, detail } = await send(here, signed(here, body), body)
    expect([status, detail]).toEqual([400, expect.stringContaining(sentence)])
  })

  it("is not told by a key that is none, which is said when the server starts", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder, `collectors: [{ name: site1, key: "${"A".repeat(59)}=" }]`, systemClock)
    const refused = await refusalOf(() => buildApi(fleet, onLoopback(1), pino({ level: "silent" })))
    expect(refused).toMatchObject({ code: "InvalidConfig", message: expect.stringContaining('"site1"') })
  })

  it("is kept aside by the collector, which goes on", async () => {
    const here = await site()
    await here.up()
    const bad: Source = {
      ...here.source,
      look: async (...given) => {
        const look = await here.source.look(...given)
        return { ...look, observations: [{ kind: "target", nativeKey: "x", facets: { nonsense: {} } }] }
      },
    }
    here.say("a")
    const collecting = here.collecting(bad)
    await collecting.once()
    expect(collecting.refused).toEqual([expect.stringContaining("nonsense")])
    expect(fs.readdirSync(path.join(here.folder, "spool", "refused"))).toHaveLength(1)
  })
})

function seen(facets: object) {
  const coverage = { rights: "x", looked: {}, notLooked: {}, complete: { target: true, service: false } }
  const observations = [{ kind: "target", nativeKey: "a", facets }]
  return {
    is: "seen",
    observedAt: "2026-11-23T14:00:00.000Z",
    observations,
    coverage,
    hostKeysOffered: [],
    missing: null,
  }
}
