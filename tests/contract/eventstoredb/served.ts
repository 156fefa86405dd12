/** A server for the running test, and ledgers on it that wait as little as the test can bear. */
import * as path from "node:path"
import { type EventStoreLedger, type EventStoreOptions, openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { type Timings, defaultTimings } from "#ledger/eventstoredb/timings.js"
import type { Clock } from "#kernel/clock.js"
import { type EventStoreServer, startEventStore } from "#tests/support/eventstoredb/server.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { onTestFinished } from "vitest"

/** Back again soon after a failure; as patient otherwise as a busy machine needs. */
export const hurried: Timings = { ...defaultTimings, firstWaitMs: 5, longestWaitMs: 40 }

/** For tests that wait until nobody has answered. */
export const impatient: Timings = { ...hurried, callMs: 150, copyMs: 150 }

type ServerOptions = Parameters<typeof startEventStore>[0]

export async function serverForTest(options: ServerOptions = {}): Promise<EventStoreServer> {
  const server = await startEventStore(options)
  onTestFinished(() => server.dispose())
  return server
}

export interface Opening extends Partial<EventStoreOptions> {
  readonly clock?: Clock
}

/** A ledger with a copy of its own, closed when the test is over. */
export async function openOn(server: EventStoreServer, opening: Opening = {}): Promise<EventStoreLedger> {
  const { clock = new TestClock(), ...options } = opening
  const file = options.file ?? path.join(await tempFolder(), "copy.db")
  const ledger = await openEventStoreLedger({ address: addressOf(server), timings: hurried, ...options, file }, clock)
  onTestFinished(() => ledger.close())
  return ledger
}

/** Without the user, who is configured apart from it. */
export function addressOf({ connectionString }: EventStoreServer): string {
  return connectionString.replace(/\/\/[^@/]*@/, "//")
}
