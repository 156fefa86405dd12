/** Which engine keeps the ledger: the one place that knows. */
import type { Clock } from "#kernel/clock.js"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import type { Folder } from "./folder.js"

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export async function openLedger(folder: Folder, clock: Clock): Promise<Ledger> {
  return openSqliteLedger(folder.ledger, clock)
}
