/** A synthetic fleet in a real ledger, with its views. */
import { type Clock, instant } from "#kernel/clock.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import type { Ledger } from "#ledger/port.js"
import { Views } from "#projections/views.js"
import type { Position } from "#kernel/point.js"
import { type Append, SyntheticFleet } from "./synthetic-fleet.js"

export interface FleetOnDisk {
  readonly ledger: Ledger
  readonly fleet: SyntheticFleet
  /** Position of the last event of the first look. */
  readonly discovered: Position
}

/** Every event goes through the port, in the order it would come. */
export async function writeFleet(file: string, targets: number, changes: number, among?: number): Promise<FleetOnDisk> {
  const ledger = openSqliteLedger(file, aSecondEach())
  const fleet = new SyntheticFleet(targets)
  await writeAll(ledger, fleet.discovery())
  const discovered = (await ledger.head()).position
  await writeAll(ledger, fleet.changes(changes, among))
  return { ledger, fleet, discovered }
}

/** The clock of a ledger that gets an event a second, as points in the past are asked for by times, too. @param seconds that have passed */
export function aSecondEach(seconds = 0): Clock {
  return { now: () => instant(Date.UTC(2026, 0, 1) + seconds++ * 1_000) }
}

export async function writeAll(ledger: Ledger, appends: Iterable<Append>): Promise<void> {
  let group: Promise<unknown>[] = []
  for (const { stream, expectedRevision, events } of appends) {
    group.push(ledger.append(stream, expectedRevision, events, "synthetic"))
    if (group.length === 1_000) {
      await Promise.all(group)
      group = []
    }
  }
  await Promise.all(group)
}

/** Folds everything into fresh views, as a rebuild does. */
export async function foldAll(ledger: Ledger, file: string, afterBatch: () => void = () => undefined): Promise<Views> {
  const views = new Views(file, { durable: false })
  for (;;) {
    const batch = await ledger.readAll({ after: views.checkpoint(), limit: 1_000 })
    if (batch.length === 0) {
      views.completed()
      return views
    }
    await views.handle(batch)
    afterBatch()
  }
}
