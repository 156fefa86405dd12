/** Instances that share a ledger on one cluster: the same answers everywhere, one of them acts, and each says when it cannot follow. */
import * as fs from "node:fs"
import * as path from "node:path"
import { systemClock } from "#kernel/clock.js"
import type { Fleet } from "#fleet.js"
import { type Position, origin } from "#kernel/point.js"
import { exportLines } from "#ledger/proof/export.js"
import { rootAt } from "#ledger/proof/prove.js"
import { asker } from "#tests/support/asker.js"
import { configIn, idOf, nameOf, open, populate } from "#tests/support/folder-fleet.js"
import { type EventStoreServer, startEventStore } from "#tests/support/eventstoredb/server.js"
import { freePort } from "#tests/support/free-port.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, sample, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import Database from "better-sqlite3"
import { pino } from "pino"
import { describe, expect, it, onTestFinished } from "vitest"
import { lockFolder } from "../../src/folder.js"
import { backup, importExport, restore } from "../../src/keeping.js"
import { startServer } from "../../src/server.js"

const watching = { progress: () => {}, signal: new AbortController().signal }

async function cluster(): Promise<EventStoreServer> {
  const server = await startEventStore()
  onTestFinished(() => server.dispose())
  return server
}

const engine = ({ connectionString }: EventStoreServer) => `{ engine: eventstoredb, address: "${connectionString}" }`

/** An instance with a folder of its own, and with the keys of another if there is one. */
async function instance(server: EventStoreServer, keysOf?: string) {
  const folder = await tempFolder()
  if (keysOf !== undefined) fs.cpSync(path.join(keysOf, "keys"), path.join(folder, "keys"), { recursive: true })
  return { folder, fleet: await open(folder, `ledger: ${engine(server)}`, systemClock) }
}

describe("instances on one cluster", () => {
  it("show the same at the same positions, whoever recorded it", async () => {
    const server = await cluster()
    const [one, two] = [await instance(server), await instance(server)]
    await populate(one.fleet, 5)
    const head = await populate(two.fleet, 5, 10)
    await until(async () => (await one.fleet.ledger.head()).position >= head)
    await one.fleet.reached(head)
    const pages = [one, two].map(({ fleet }) => fleet.views.entities.page({ kind: "target", at: head, limit: 100 }))
    const [first, second] = await Promise.all(pages)
    expect(first).toStrictEqual(second)
    expect(first?.map(({ name }) => name)).toStrictEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14].map(nameOf).sort())
    expect(await rootAt(one.fleet.ledger, head + 1)).toStrictEqual(await rootAt(two.fleet.ledger, head + 1))
  })

  it("act one at a time; when it is closed, another one takes over at once", async () => {
    const server = await cluster()
    const one = await instance(server)
    await until(() => one.fleet.isWorker())
    const two = await instance(server)
    expect([one.fleet.isWorker(), two.fleet.isWorker()]).toEqual([true, false])
    await one.fleet.close()
    await until(() => two.fleet.isWorker())
  })

  it("adopt what is configured where it is acted from, one and then the other; as a pair they write nothing", async () => {
    const server = await cluster()
    const configured = async (looks: number) => {
      const rule = `{ name: named, kind: target, where: "name:web-${looks}", expect: "identity.name != null", severity: warning }`
      const more = `policy: { retireAfterLooks: ${looks} }\ndrift: { rules: [${rule}] }`
      return open(await tempFolder(), `ledger: ${engine(server)}\n${more}`, systemClock)
    }
    const inForce = async ({ ledger }: Fleet): Promise<readonly unknown[]> => {
      const adopted = await ledger.readAll({ after: origin, types: ["PolicyAdopted", "BaselineDeclared"], limit: 100 })
      const [policy, rules] = ["PolicyAdopted", "BaselineDeclared"].map((type) =>
        adopted.findLast((one) => one.type === type),
      )
      return [
        policy?.type === "PolicyAdopted" && policy.data.policy.retireAfterLooks,
        rules?.type === "BaselineDeclared" && rules.data.baseline.of === "rules" && rules.data.baseline.rules[0]?.where,
        adopted.length,
      ]
    }
    const one = await configured(5)
    await until(async () => (await inForce(one))[1] !== false)
    expect(await inForce(one)).toEqual([5, "name:web-5", 2])
    const two = await configured(7)
    const three = await configured(5)
    for (const fleet of [one, two, three]) {
      expect(await inForce(fleet)).toEqual([5, "name:web-5", 2])
      expect((await fleet.ledger.head()).position).toBe(1)
    }
    const told = async (fleet: Fleet) => {
      const { items } = await asker<{ items: { check: string; what: string }[] }>(fleet)("doctor")
      return items.filter(({ check, what }) => check === "configuration" && what.includes("in force"))
    }
    expect([await told(one), await told(two), await told(three)]).toMatchObject([[], [{ state: "warning" }], []])
    await three.close()
    await one.close()
    await until(async () => (await inForce(two))[2] === 4)
    expect(await inForce(two)).toEqual([7, "name:web-7", 4])
    expect(await inForce(await configured(5))).toEqual([7, "name:web-7", 4])
  })

  it("that cannot be opened leave nothing behind that would act", async () => {
    const server = await cluster()
    const folder = await tempFolder()
    fs.mkdirSync(path.join(folder, "data"))
    const db = new Database(path.join(folder, "data", "ops.db"))
    db.exec("CREATE TABLE other (a)")
    db.close()
    expect((await refusalOf(() => open(folder, `ledger: ${engine(server)}`, systemClock))).code).toBe("StoreDamaged")
    const { fleet } = await instance(server)
    await until(() => fleet.isWorker())
    expect(fleet.isWorker()).toBe(true)
  })

  it("are sealed by the one that acts, with a key that they share, and by no other key", async () => {
    const server = await cluster()
    const one = await instance(server)
    await until(() => one.fleet.isWorker())
    const { size } = await one.fleet.sealing.now()
    const two = await instance(server, one.folder)
    const stranger = await instance(server)
    await populate(stranger.fleet, 1)
    expect((await refusalOf(() => stranger.fleet.sealing.now())).message).toMatch(/another key than/)
    await populate(two.fleet, 1, 10)
    expect((await two.fleet.sealing.now()).size).toBeGreaterThan(size)
  })

  it("answer from their copy while the cluster is away, say that they are not ready, and catch up", async () => {
    const server = await cluster()
    const { fleet } = await instance(server)
    const head = await populate(fleet, 3)
    expect(await fleet.unready()).toEqual([])
    await server.stop()
    await until(async () => (await fleet.unready()).length > 0)
    expect(await fleet.unready()).toEqual([expect.stringMatching(/^the cluster is not followed since 20/)])
    expect(await fleet.views.entities.page({ kind: "target", at: head, limit: 9 })).toHaveLength(3)
    await server.start()
    await until(async () => (await fleet.unready()).length === 0)
    await fleet.ledger.append(stream(`target-${idOf(0)}`), 1, changes(1), "again")
  })
})

function isFree(data: string): boolean {
  try {
    lockFolder(data).lock.release()
    return true
  } catch {
    return false
  }
}

describe("a server whose cluster is away when it starts", () => {
  it("is alive, not ready, and says why; and goes on once the cluster is there", async () => {
    const server = await cluster()
    await server.stop()
    const [folder, port, asked] = [await tempFolder(), await freePort(), new AbortController()]
    const yaml = `ledger: ${engine(server)}\nlisten: "127.0.0.1:${port}"\nsources: [{ name: me, kind: local, every: 1h }]`
    const starting = startServer(configIn(folder, yaml), pino({ level: "silent" }), asked.signal)
    const ask = async (what: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/${what}`).catch(() => undefined)
      return response && { status: response.status, body: (await response.json()) as { reasons?: string[] } }
    }
    await until(async () => (await ask("livez"))?.status === 200)
    expect(await ask("readyz")).toMatchObject({ status: 503, body: { ready: false, reasons: [expect.any(String)] } })
    await server.start()
    const started = await starting
    onTestFinished(() => started.close())
    // A connection to what listened before may be asked once more.
    await until(async () => (await ask("readyz"))?.status === 200)
    expect((await ask("api/v1/status"))?.status).toBe(401)
  })

  it("stops when it is told to", async () => {
    const server = await cluster()
    await server.stop()
    const asked = new AbortController()
    const yaml = `ledger: ${engine(server)}\nlisten: "127.0.0.1:${await freePort()}"`
    const folder = await tempFolder()
    const starting = startServer(configIn(folder, yaml), pino({ level: "silent" }), asked.signal)
    asked.abort()
    expect((await refusalOf(() => starting)).code).toBe("Cancelled")
    // What was being opened goes on until it is there, and is closed: not behind this test, where others hold the time in their hands.
    await server.start()
    await until(() => isFree(path.join(folder, "data")))
  })
})

describe("a ledger on a cluster", () => {
  it("is what a whole export of another engine makes it: the same root", async () => {
    const folder = await tempFolder()
    const local = await open(folder)
    await populate(local, 30)
    const { note, size } = await local.sealing.now()
    const lines: string[] = []
    for await (const line of exportLines(local.ledger, { from: 0, to: size - 1, note }, watching.signal)) {
      lines.push(JSON.stringify(line))
    }
    const file = path.join(folder, "export.ndjson")
    fs.writeFileSync(file, `${lines.join("\n")}\n`)

    const server = await cluster()
    const config = configIn(await tempFolder(), `ledger: ${engine(server)}`)
    expect(await importExport(config, file, undefined, watching)).toMatchObject({ events: size })
    const copy = await instance(server)
    expect(await rootAt(copy.fleet.ledger, size)).toStrictEqual(await rootAt(local.ledger, size))
    const at = (size - 1) as Position
    await copy.fleet.reached(at)
    const page = { kind: "target" as const, at, limit: 100 }
    expect(await copy.fleet.views.entities.page(page)).toStrictEqual(await local.views.entities.page(page))
  })

  it("is backed up and restored by its cluster, and redacted by nobody", async () => {
    const server = await cluster()
    const { folder, fleet } = await instance(server)
    const config = configIn(folder, `ledger: ${engine(server)}`)
    const told = { actor: "user:alice", reason: "why not" }
    expect((await refusalOf(() => backup(config, `${folder}/b.db`, watching))).message).toMatch(/kept by a cluster/)
    expect((await refusalOf(() => restore(config, `${folder}/b.db`, told, watching))).message).toMatch(/by a cluster/)
    const redaction = () => fleet.ledger.redact([], sample("DataRedacted"), -1)
    expect((await refusalOf(redaction)).code).toBe("Forbidden")
  })
})
