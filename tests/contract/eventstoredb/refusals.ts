/** What the engine does not go along with: streams that lose events or are written by others, appends that are too large, and redactions. */
import type { NewEvent } from "#events/catalog.js"
import { noStream } from "#ledger/port.js"
import { jsonEvent } from "#tests/support/eventstoredb/store.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"
import { everything, refused } from "../ledger/fresh.js"
import { openOn, serverForTest } from "./served.js"

const one = stream("target-1")
const clusterName = "fleet_ledger.target-1"

export function refusals(): void {
  it.each([
    ["$maxAge", { $maxAge: 3_600 }],
    ["$maxCount", { $maxCount: 10 }],
    ["$tb", { $tb: 1 }],
  ])("finds %s on a stream when it is opened, and says which", async (limit, limits) => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(3), "run")
    await ledger.close()
    server.store.setMetadata(clusterName, limits)
    const error = await refusalOf(() => openOn(server))
    expect(error).toMatchObject({ code: "StoreDamaged", details: { stream: clusterName, limit } })
    expect(error.message).toContain(limit)
    server.store.setMetadata(clusterName, {})
    expect(await everything(await openOn(server))).toHaveLength(3)
  })

  it("stops at a limit that is set meanwhile, and goes on when it is taken away", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(3), "run")
    server.store.setMetadata(clusterName, { $maxCount: 5 })
    await until(() => ledger.state.is === "waiting")
    const error = await refused(ledger, () => ledger.append(one, 2, changes(1), "next"))
    expect(error.code).toBe("StoreDamaged")
    server.store.setMetadata(clusterName, {})
    await until(() => ledger.state.is === "following")
    expect(await ledger.append(one, 2, changes(1), "next")).toStrictEqual({ revision: 3, position: 3 })
  })

  it("does not mind metadata that limit nothing, nor those of others", async () => {
    const server = await serverForTest()
    server.append(`$$${clusterName}`, jsonEvent("$metadata", { $acl: {} }))
    server.store.setMetadata("orders-1", { $maxCount: 1 })
    server.store.setMetadata("fleet_ledger.lease", { $maxCount: 1 })
    const ledger = await openOn(server)
    expect(await ledger.append(one, noStream, changes(1), "run")).toStrictEqual({ revision: 0, position: 0 })
  })

  it("sees that events are gone, though nothing says so any more", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(5), "run")
    await ledger.close()
    server.store.setMetadata(clusterName, { $tb: 3 })
    server.store.scavenge()
    server.store.setMetadata(clusterName, {})
    const error = await refusalOf(() => openOn(server))
    expect(error.code).toBe("StoreDamaged")
    expect(error.message).toBe("events of target-1 are missing in EventStoreDB: number 3 follows on none")
  })

  it("sees that a stream was deleted for good", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    await ledger.append(one, noStream, changes(2), "run")
    server.store.tombstone(clusterName)
    await until(() => ledger.state.is === "waiting")
    expect(ledger.state).toMatchObject({ reason: expect.stringContaining("was deleted") })
  })

  it("stops at an event that somebody else wrote to a stream of the ledger", async () => {
    const server = await serverForTest()
    server.append(clusterName, jsonEvent("TargetChanged", { facet: "os" }))
    const error = await refusalOf(() => openOn(server))
    expect(error.code).toBe("StoreDamaged")
    expect(error.message).toContain("was not written by fleet-ledger")
  })

  it("refuses an append that is larger than one may be, before anything is sent, saying both sizes", async () => {
    const server = await serverForTest()
    const ledger = await openOn(server)
    const error = await refused(ledger, () =>
      ledger.append(one, noStream, [changed("x".repeat(600_000)), changed("y".repeat(600_000))], "run"),
    )
    expect(error).toMatchObject({ code: "SchemaViolation", details: { limit: 1_000_000 } })
    expect(error.message).toContain(String(error.details["bytes"]))
    expect(server.store.stream(clusterName)).toBe("no_stream")
  })

  it("says what the server takes when that is less", async () => {
    const server = await serverForTest({ maxAppendBytes: 10_000 })
    const ledger = await openOn(server)
    const error = await refused(ledger, () => ledger.append(one, noStream, [changed("x".repeat(20_000))], "run"))
    expect(error.code).toBe("SchemaViolation")
    expect(error.message).toContain("10000 bytes")
  })

  it("takes an append of the largest size that it allows through a server with its default limit", async () => {
    const ledger = await openOn(await serverForTest())
    const event = (bytes: number) => changed("x".repeat(bytes))
    await ledger.append(one, noStream, [event(890_000), ...changes(1), event(105_000)], "run")
    expect(await everything(ledger)).toHaveLength(3)
  })

  it("redacts nothing, as the cluster keeps what was stored", async () => {
    const ledger = await openOn(await serverForTest())
    const told: NewEvent = { type: "DataRedacted", data: { positions: [0], mask: "" }, metadata, observedAt }
    const error = await refused(ledger, () => ledger.redact([], told, noStream))
    expect(error.code).toBe("Forbidden")
  })
}
