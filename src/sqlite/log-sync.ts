/**
 * Having what was committed on the disk without waiting for the disk: a commit writes to the log, and another thread syncs that. SQLite syncs the log at each
 * commit itself only where it is told to, and everything else stands still meanwhile.
 */
import * as fs from "node:fs"
import { promisify } from "node:util"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Db } from "./open.js"

const sync = promisify(fs.fdatasync)

export interface LogSync {
  /** Runs what commits, without a sync. @throws FleetError `StoreUnavailable` once a sync has failed */
  unsynced<T>(work: () => T): T
  /** Resolves when all that was committed before is on the disk. @throws FleetError `StoreUnavailable` */
  synced(): Promise<void>
  /**
   * Whether a sync has failed. Then nobody knows what of the log is on the disk, and a later sync that succeeds says nothing of it: what is committed after it could not be
   * recovered. So nothing is, until the store is opened anew, which goes by what is really there.
   */
  readonly isBroken: boolean
  close(): void
}

/** @param db in WAL mode, with `synchronous = FULL`, as everything else that commits there is synced by SQLite */
export function logSync(db: Db): LogSync {
  let log: number | undefined
  let broken: FleetError | undefined
  return {
    get isBroken() {
      return broken !== undefined
    },
    unsynced(work) {
      if (broken !== undefined) throw broken
      // What the order of writes needs is synced all the same: the head of a log that begins anew, and what is moved from it to the file.
      db.pragma("synchronous = NORMAL")
      try {
        return work()
      } finally {
        db.pragma("synchronous = FULL")
      }
    },
    async synced() {
      if (db.memory) return
      // The log is there as long as the connection. Syncing is by file, whoever wrote to it; SQLite's locks are on other files.
      try {
        log ??= fs.openSync(`${db.name}-wal`, "r+")
        await sync(log)
      } catch (cause) {
        broken = new FleetError(
          "StoreUnavailable",
          `the disk did not keep what was written to ${db.name}: ${messageOf(cause)}; look at the disk, then start again`,
          { cause },
        )
        throw broken
      }
    },
    close() {
      if (log !== undefined) fs.closeSync(log)
      log = undefined
    },
  }
}
