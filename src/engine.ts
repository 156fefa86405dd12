/** Which engine keeps the ledger: the one place that knows. */
import type { LoadedConfig } from "#config/load.js"
import type { Clock } from "#kernel/clock.js"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Worker, onlyWorker } from "#subscriptions/worker.js"
import type { Folder } from "./folder.js"

export interface Engine {
  readonly ledger: Ledger
  /** Whose turn it is, of the instances that share the ledger, to do what one of them does. */
  readonly worker: Worker
  /** What keeps the ledger from being up to date here, a sentence. */
  readonly trouble: () => string | undefined
}

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export async function openEngine(_config: LoadedConfig, folder: Folder, clock: Clock): Promise<Engine> {
  return { ledger: openSqliteLedger(folder.ledger, clock), worker: onlyWorker, trouble: () => undefined }
}
