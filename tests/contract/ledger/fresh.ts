/** An empty ledger for the running test, and the question most refusals end with: is everything as it was? */
import type { RecordedEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import type { FleetError } from "#kernel/errors.js"
import { origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { refusalOf } from "#tests/support/refusal.js"
import { TestClock } from "#tests/support/test-clock.js"
import { expect, onTestFinished } from "vitest"

export interface OpenedLedger {
  readonly ledger: Ledger
  /** Closes it, and opens what it left behind on the same clock. */
  reopen(): Promise<Ledger>
  /** Closes what is open and removes everything. */
  dispose(): Promise<void>
}

export type OpenEngine = (clock: Clock) => Promise<OpenedLedger>

export async function fresh(open: OpenEngine) {
  const clock = new TestClock()
  const opened = await open(clock)
  onTestFinished(() => opened.dispose())
  return { clock, ledger: opened.ledger, reopen: () => opened.reopen() }
}

export async function everything(ledger: Ledger): Promise<readonly RecordedEvent[]> {
  return ledger.readAll({ after: origin, limit: 100_000 })
}

/** The error an action ends with, having written nothing. */
export async function refused(ledger: Ledger, action: () => Promise<unknown>): Promise<FleetError> {
  const before = { head: await ledger.head(), events: await everything(ledger) }
  const error = await refusalOf(action)
  expect({ head: await ledger.head(), events: await everything(ledger) }).toStrictEqual(before)
  return error
}
