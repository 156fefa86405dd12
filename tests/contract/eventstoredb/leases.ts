/** Whoever acts: one instance at a time, another when it falls silent, at once when it gives the lease back. */
import type { EventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import type { Lease } from "#ledger/eventstoredb/lease.js"
import { defaultTimings } from "#ledger/eventstoredb/timings.js"
import { noStream } from "#ledger/port.js"
import { type EventStoreServer } from "#tests/support/eventstoredb/server.js"
import { jsonEvent } from "#tests/support/eventstoredb/store.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"
import { openOn, serverForTest } from "./served.js"
import { TestTime } from "./test-time.js"

const leaseStream = "fleet_ledger.lease"
const { leaseMs, leaseMarginMs } = defaultTimings
const renewalMs = leaseMs / 3
/** Longer than any test: nothing but the lease waits for time to pass. */
const never = 1e9

interface Instance {
  readonly ledger: EventStoreLedger
  readonly lease: Lease
  readonly time: TestTime
}

async function instance(server: EventStoreServer, holder: string): Promise<Instance> {
  const time = new TestTime()
  const { sleep, monotonic } = time
  const timings = { ...defaultTimings, sleep, monotonic, callMs: never, silenceMs: never }
  const ledger = await openOn(server, { timings })
  return { ledger, lease: ledger.lease(holder), time }
}

const renewals = (server: EventStoreServer) => server.store.all.filter((event) => event.stream === leaseStream)

export function leases(): void {
  it("go to one instance only, which goes on holding it as long as it renews it", async () => {
    const server = await serverForTest()
    const all: Instance[] = []
    for (const name of ["a", "b", "c"]) all.push(await instance(server, name))
    const holders = () => all.filter(({ lease }) => lease.isWorker())
    await until(() => holders().length === 1)
    const [holder] = holders()
    for (let times = 1; times <= 7; times++) {
      await until(() => all.every(({ time }) => time.isWaitedFor(renewalMs)))
      for (const { time } of all) time.advance(renewalMs)
      await until(() => renewals(server).length === 1 + times)
      expect(holders()).toStrictEqual([holder])
    }
  })

  it("go on to another instance when the holder is cut off, and not before it has stopped", async () => {
    const cutOff = await serverForTest()
    const server = await serverForTest({ store: cutOff.store })
    const first = await instance(cutOff, "first")
    await until(() => first.lease.isWorker() && first.time.isWaitedFor(renewalMs))
    const second = await instance(server, "second")
    await until(() => second.time.isWaitedFor(renewalMs))
    const told: string[] = []
    first.lease.onChange(() => told.push(`first: ${first.lease.isWorker()}`))
    second.lease.onChange(() => told.push(`second: ${second.lease.isWorker()}`))

    await cutOff.stop()
    for (const { time } of [first, second]) time.advance(leaseMs)
    expect([first, second].map(({ lease }) => lease.isWorker())).toStrictEqual([false, false])
    await until(() => told.length === 1 && second.time.isWaitedFor(leaseMarginMs))
    second.time.advance(leaseMarginMs)
    await until(() => second.lease.isWorker())
    expect(told).toStrictEqual(["first: false", "second: true"])
  })

  it("go on at once when the holder is closed", async () => {
    const server = await serverForTest()
    const first = await instance(server, "first")
    await until(() => first.lease.isWorker())
    const second = await instance(server, "second")
    await until(() => second.time.isWaitedFor(renewalMs))
    await first.ledger.close()
    expect(first.lease.isWorker()).toBe(false)
    await until(() => second.lease.isWorker())
    expect(renewals(server).map(({ type }) => type)).toStrictEqual(["LeaseRenewed", "LeaseReturned", "LeaseRenewed"])
  })

  it("are lost at once to whoever wrote at the revision that the holder would renew", async () => {
    const server = await serverForTest()
    const { lease, time } = await instance(server, "first")
    await until(() => lease.isWorker() && time.isWaitedFor(renewalMs))
    let changed = 0
    lease.onChange(() => (changed += 1))
    server.append(leaseStream, jsonEvent("LeaseRenewed", { holder: "second", ttlMs: leaseMs }))
    time.advance(renewalMs)
    await until(() => !lease.isWorker())
    expect(changed).toBe(1)
    expect(renewals(server)).toHaveLength(2)
  })

  it("count a renewal that was not answered from when it was sent first", async () => {
    const server = await serverForTest()
    const { lease, time } = await instance(server, "first")
    await until(() => lease.isWorker() && time.isWaitedFor(renewalMs))
    server.faults.commitThenDrop()
    time.advance(renewalMs)
    // It is there for others to see, and the holder does not know.
    await until(() => renewals(server).length === 2 && time.isWaitedFor(renewalMs))
    time.advance(renewalMs)
    await until(() => time.isWaitedFor(renewalMs))
    expect(renewals(server)).toHaveLength(2)
    time.advance(leaseMs - renewalMs - 1)
    expect(lease.isWorker()).toBe(true)
    time.advance(1)
    expect(lease.isWorker()).toBe(false)
  })

  it("are no part of the ledger, and their stream does not grow for ever", async () => {
    const server = await serverForTest()
    const { ledger, lease } = await instance(server, "first")
    await until(() => lease.isWorker())
    const appended = await ledger.append(stream("target-1"), noStream, changes(2), "run")
    expect(appended).toStrictEqual({ revision: 1, position: 1 })
    await until(() => server.store.stream(`$$${leaseStream}`) !== "no_stream")
    const limits = server.store.all.find((event) => event.stream === `$$${leaseStream}`)
    expect(JSON.parse(Buffer.from(limits?.data ?? []).toString())).toStrictEqual({ $maxCount: 100 })
  })
}
