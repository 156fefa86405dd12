/** One misfortune after the other, while two instances write: in the end both have every event once, in one order, and never did both act. */
import { FleetError } from "#kernel/errors.js"
import { origin } from "#kernel/point.js"
import type { EventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import type { EventStoreServer } from "#tests/support/eventstoredb/server.js"
import { carried, changed, stream } from "#tests/support/sample-events.js"
import { until } from "#tests/support/until.js"
import { expect, it } from "vitest"
import { everything } from "../ledger/fresh.js"
import { impatient, openOn, serverForTest } from "./served.js"

const one = stream("target-1")

/** Appends until it is told to stop, deciding again on a conflict and sending the identical append again when there was no answer. @returns what it wrote */
async function write(ledger: EventStoreLedger, writer: string, stop: AbortSignal): Promise<string[]> {
  const written: string[] = []
  while (!stop.aborted) {
    const value = `${writer}/${written.length}`
    if (await isWritten(ledger, await ledger.revisionOf(one), value)) written.push(value)
  }
  return written
}

async function isWritten(ledger: EventStoreLedger, revision: number, value: string): Promise<boolean> {
  for (;;) {
    try {
      await ledger.append(one, revision, [changed(value)], value)
      return true
    } catch (error) {
      if (!(error instanceof FleetError)) throw error
      if (error.code === "RevisionConflict") return false
      if (!error.retryable) throw error
    }
  }
}

function misfortunes(server: EventStoreServer, ledgers: readonly EventStoreLedger[]): readonly (() => Promise<void>)[] {
  const { faults } = server
  const everybodyWaits = () => until(() => ledgers.every(({ state }) => state.is !== "following"))
  return [
    async () => {
      await server.stop()
      await everybodyWaits()
      await server.start()
    },
    async () => faults.drop("subscriptions", "appends"),
    async () => faults.commitThenDrop(),
    async () => faults.dropAfter(3, "subscriptions"),
    async () => {
      faults.silence("subscriptions", "reads")
      faults.drop("subscriptions")
      await everybodyWaits()
      faults.heal()
    },
    async () => {
      faults.silence("appends")
      await until(() => ledgers.some(({ state }) => state.is !== "following"))
      faults.heal()
    },
    async () => {
      faults.commitThenDrop()
      await server.stop()
      await server.start()
    },
  ]
}

export function storms(): void {
  it("are survived with every event once, equal copies, and one worker at most", async () => {
    const server = await serverForTest()
    const timings = { ...impatient, leaseMs: 1_000, leaseMarginMs: 100 }
    const options = { address: server.discoverConnectionString, timings }
    const ledgers = [await openOn(server, options), await openOn(server, options)]
    const leases = ledgers.map((ledger, index) => ledger.lease(`instance ${index}`))
    let most = 0
    const count = () => (most = Math.max(most, leases.filter((lease) => lease.isWorker()).length))
    for (const lease of leases) lease.onChange(count)

    const stop = new AbortController()
    const writing = ledgers.map((ledger, index) => write(ledger, `${index}`, stop.signal))
    const rows = () => server.store.all.length
    for (const happen of misfortunes(server, ledgers)) {
      await happen()
      const before = rows()
      await until(() => rows() > before + 6)
      server.faults.heal()
    }
    stop.abort()
    const written = (await Promise.all(writing)).flat()
    await until(async () => {
      const heads = await Promise.all(ledgers.map((ledger) => ledger.head()))
      return heads.every(({ position }) => position === written.length - 1)
    })
    const [first, second] = await Promise.all(
      ledgers.map((ledger) => ledger.readStored({ after: origin, limit: 10_000 })),
    )
    expect(first).toStrictEqual(second)
    expect(first).toHaveLength(written.length)
    expect(new Set((await everything(ledgers[0]!)).map(carried))).toStrictEqual(new Set(written))
    // A storm may be over before anybody has the lease.
    await until(() => count() > 0)
    expect(most).toBe(1)
  })
}
