/** Every instance has a copy; all copies are equal, can be made again, and belong to one cluster. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import { origin, position } from "#kernel/point.js"
import { sealedLeaf } from "#ledger/leaf.js"
import { type Ledger, type StoredEvent, noStream } from "#ledger/port.js"
import { rootAt } from "#ledger/proof/prove.js"
import { verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { EventStoreServer } from "#tests/support/eventstoredb/server.js"
import { jsonEvent } from "#tests/support/eventstoredb/store.js"
import { refusalOf } from "#tests/support/refusal.js"
import { carried, changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { expect, it, onTestFinished } from "vitest"
import { everything, refused } from "../ledger/fresh.js"
import { openOn, serverForTest } from "./served.js"

const one = stream("target-1")
const two = stream("target-2")

const stored = (ledger: Ledger) => ledger.readStored({ after: origin, limit: 10_000 })
const size = async (ledger: Ledger) => (await ledger.head()).position + 1

/** Appends until all are written, deciding again whenever another instance was faster. */
async function write(ledger: Ledger, writer: string, count: number): Promise<void> {
  for (let written = 0; written < count;) {
    const revision = await ledger.revisionOf(one)
    try {
      await ledger.append(one, revision, [changed([writer, written])], `${writer}/${written}`)
      written += 1
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== "RevisionConflict") throw error
    }
  }
}

export function copies(): void {
  it("are equal for two instances that write at the same time, positions, texts, leaves and roots", async () => {
    const server = await serverForTest()
    // One of the clocks is behind: times must not run backwards along positions for that.
    const behind = new TestClock()
    behind.advance(-60_000)
    const [red, blue] = [await openOn(server), await openOn(server, { clock: behind })]
    await Promise.all([write(red, "red", 20), write(blue, "blue", 20), red.append(two, noStream, changes(5), "a")])
    await until(async () => (await size(red)) === 45 && (await size(blue)) === 45)
    expect(await stored(red)).toStrictEqual(await stored(blue))
    expect(await rootAt(red, 45)).toStrictEqual(await rootAt(blue, 45))
    const verdict = await verify(blue, { checkpoints: [] }, () => {}, new AbortController().signal)
    expect(verdict).toMatchObject({ events: 45, wrong: null })
  })

  it("show an instance what another has written, and answer its append again there", async () => {
    const server = await serverForTest()
    const [red, blue] = [await openOn(server), await openOn(server)]
    const first = await red.append(one, noStream, changes(3), "run")
    expect(await blue.append(one, noStream, changes(3), "run")).toStrictEqual(first)
    const conflict = await refusalOf(() => blue.append(one, 0, changes(1), "late"))
    expect(conflict).toMatchObject({ code: "RevisionConflict", details: { stream: one, expected: 0, actual: 2 } })
    expect(await everything(blue)).toHaveLength(3)
  })

  it("are made again, equal, when one is lost, and go on from where they were when not", async () => {
    const server = await serverForTest()
    const file = path.join(await tempFolder(), "copy.db")
    const ledger = await openOn(server, { file })
    await ledger.append(one, noStream, changes(300), "a")
    await ledger.append(two, noStream, [changed({ "10": "ten", __proto__: 1, z: -0.5e-9, a: "ü 🛰️ \u0000" })], "b")
    const before = await stored(ledger)
    await ledger.close()

    server.append("fleet_ledger.lease", jsonEvent("LeaseRenewed", { holder: "somebody", ttlMs: 1 }))
    const again = await openOn(server, { file })
    await again.append(two, 0, changes(1), "c")
    const [all, grown] = [await stored(again), await rootAt(again, 302)]
    expect(all.slice(0, -1)).toStrictEqual(before)
    await again.close()

    for (const part of fs.readdirSync(path.dirname(file))) fs.rmSync(path.join(path.dirname(file), part))
    const anew = await openOn(server, { file })
    expect(await stored(anew)).toStrictEqual(all)
    expect(await rootAt(anew, 302)).toStrictEqual(grown)
  })

  it("hold what stands in the prefix's streams and nothing else, whoever shares the cluster", async () => {
    const server = await serverForTest()
    const [here, there] = [await openOn(server), await openOn(server, { prefix: "other." })]
    await here.append(one, noStream, changes(2, "here"), "run")
    server.append("orders-1", jsonEvent("OrderPlaced", {}))
    await there.append(one, noStream, changes(1, "there"), "run")
    expect((await everything(here)).map(carried)).toStrictEqual(["here/0", "here/1"])
    expect((await everything(there)).map(carried)).toStrictEqual(["there/0"])
    expect(server.store.all.map((event) => event.stream)).toContain("other.target-1")
  })

  it("keep events readable in the cluster, under their own ids and types", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, [changed("readable")], "run")
    const [event] = await everything(ledger)
    const kept = server.store.all.at(-1)!
    expect(kept).toMatchObject({ id: event?.id, type: "TargetChanged", stream: "fleet_ledger.target-1" })
    expect(JSON.parse(Buffer.from(kept.data).toString())).toStrictEqual(event?.data)
    expect(JSON.parse(Buffer.from(kept.metadata).toString())).toStrictEqual({
      metadata,
      observedAt,
      recordedAt: event?.recordedAt,
      schemaVersion: 1,
      salt: expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/),
    })
  })

  it("are refused on another cluster, and on one that was restored to before their end", async () => {
    const server = await serverForTest()
    const file = path.join(await tempFolder(), "copy.db")
    const ledger = await openOn(server, { file })
    await ledger.append(one, noStream, changes(3), "run")
    await ledger.close()

    const empty = await refusalOf(async () => openOn(await serverForTest(), { file }))
    expect(empty).toMatchObject({ code: "LedgerForked", kind: "data", details: { position: 2 } })
    expect(empty.message).toContain("is not there")
    expect(empty.message).toContain(file)

    const other = await serverForTest()
    await (await openOn(other)).append(one, noStream, changes(3), "run")
    const another = await refusalOf(() => openOn(other, { file }))
    expect(another.code).toBe("LedgerForked")
    expect(another.message).toContain("is another one there")
  })

  it("take nothing more when the cluster becomes another one while they are open", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(3), "run")
    await server.stop()
    const other = new EventStoreServer(server.endpoint.port, await tempFolder(), {})
    onTestFinished(() => other.dispose())
    await other.start()
    await until(() => ledger.state.is === "waiting" && /is no copy/.test(ledger.state.reason))
    expect((await refusalOf(() => ledger.append(two, noStream, changes(1), "run"))).code).toBe("LedgerForked")
    expect(other.store.stream("fleet_ledger.target-2")).toBe("no_stream")
  })

  it("take over an SQLite ledger, redacted payloads and all, to the same root", async () => {
    const from = openSqliteLedger(path.join(await tempFolder(), "ledger.db"), new TestClock())
    await from.append(one, noStream, changes(5), "a")
    await from.append(two, noStream, changes(5), "b")
    const told: NewEvent = { type: "DataRedacted", data: { positions: [3], mask: "[redacted]" }, metadata, observedAt }
    await from.redact([{ position: position(3), data: { facet: "os", patch: [] } }], told, noStream)
    const ledger = await openOn(await serverForTest())
    await ledger.adopt(await stored(from))
    expect(await stored(ledger)).toStrictEqual(await stored(from))
    expect(await rootAt(ledger, 11)).toStrictEqual(await rootAt(from, 11))
    await from.close()
  })

  it("take over more than the cluster takes at a time, and once where it does not answer", async () => {
    const from = openSqliteLedger(path.join(await tempFolder(), "ledger.db"), new TestClock())
    onTestFinished(() => from.close())
    await from.append(one, noStream, changes(60), "a")
    await from.append(two, noStream, changes(60), "b")
    await from.append(one, 59, changes(60), "c")
    const server = await serverForTest({ maxAppendBytes: 10_000 })
    const ledger = await openOn(server, { maxAppendBytes: 10_000 })
    server.faults.commitThenDrop()
    await ledger.adopt(await stored(from))
    expect(await stored(ledger)).toStrictEqual(await stored(from))
    expect(server.store.all.filter(({ stream: name }) => name.startsWith("fleet_ledger."))).toHaveLength(180)
  })

  it("take over nothing that the cluster would give back otherwise: times that run backwards, texts that are not canonical", async () => {
    const from = openSqliteLedger(path.join(await tempFolder(), "ledger.db"), new TestClock())
    onTestFinished(() => from.close())
    await from.append(one, noStream, changes(2), "a")
    const [first, second] = (await stored(from)) as unknown as [StoredEvent, StoredEvent]
    const resealed = (event: StoredEvent, head: string, data = event.data) => ({
      ...event,
      head,
      data,
      leaf: sealedLeaf(head, data, event.seal),
    })
    const ledger = await openOn(await serverForTest())
    const early = resealed(second, second.head.replace(/("recordedAt":")20../, "$12001"))
    expect((await refused(ledger, () => ledger.adopt([first, early]))).message).toBe(
      "the event at position 1 was recorded before the one in front of it",
    )
    const spaced = resealed(second, second.head, second.data.replace("{", "{ "))
    expect((await refused(ledger, () => ledger.adopt([first, spaced]))).message).toBe(
      "the event at position 1 is not canonical JSON",
    )
    await ledger.adopt([])
    await ledger.adopt([first, second])
    expect(await stored(ledger)).toStrictEqual([first, second])
  })

  it("take over nothing more where somebody else writes meanwhile, and say so", async () => {
    const from = openSqliteLedger(path.join(await tempFolder(), "ledger.db"), new TestClock())
    onTestFinished(() => from.close())
    await from.append(one, noStream, changes(2), "a")
    const server = await serverForTest()
    const [mine, other] = [await openOn(server), await openOn(server)]
    const [taking] = await Promise.all([
      refusalOf(async () => mine.adopt(await stored(from))),
      other.append(one, noStream, changes(1, "other"), "b"),
    ])
    expect(taking.code).toBe("LedgerForked")
    expect((await everything(other)).map(carried)).toStrictEqual(["other/0"])
  })

  it("have no archives, as the cluster keeps everything", async () => {
    const ledger = await openOn(await serverForTest())
    expect(await ledger.archives.list()).toStrictEqual([])
    for (const name of ["create", "detach", "attach"] as const)
      expect((await refusalOf(ledger.archives[name] as () => Promise<unknown>)).code).toBe("Forbidden")
  })
}
