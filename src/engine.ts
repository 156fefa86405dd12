/** Which engine keeps the ledger: the one place that knows. */
import * as os from "node:os"
import type { LoadedConfig } from "#config/load.js"
import { readSecret } from "#config/secret.js"
import type { Clock } from "#kernel/clock.js"
import type { FollowingState } from "#ledger/eventstoredb/follower.js"
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

/** @throws FleetError `InvalidConfig`, `NewerVersion`, `StoreDamaged`, `StoreUnavailable`, `LedgerForked` */
export async function openEngine({ ledger: chosen }: LoadedConfig, folder: Folder, clock: Clock): Promise<Engine> {
  if (chosen.engine === "sqlite") {
    return { ledger: openSqliteLedger(folder.ledger, clock), worker: onlyWorker, trouble: () => undefined }
  }
  // Whoever has one machine need not load the client of a cluster.
  const { openEventStoreLedger } = await import("#ledger/eventstoredb/ledger.js")
  const { address, user, password, ca, prefix } = chosen
  const ledger = await openEventStoreLedger(
    {
      address,
      file: folder.copy,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password: readSecret(password, "the cluster's password") }),
      ...(ca === undefined ? {} : { caFile: ca }),
      ...(prefix === undefined ? {} : { prefix }),
    },
    clock,
  )
  const worker = ledger.lease(`${os.hostname()} ${process.pid}`)
  return { ledger, worker, trouble: () => sentenceOn(ledger.state) }
}

function sentenceOn(state: FollowingState): string | undefined {
  if (state.is === "following") return undefined
  const why = state.is === "waiting" ? `: ${state.reason}` : ""
  return `the cluster is not followed since ${state.since}${why}`
}
