/**
 * The data folder and who owns it. The lock is a transaction held open on a small SQLite file: the kernel lets go of it when the process ends,
 * however it ends, so there is never a stale one.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import Database from "better-sqlite3"
import { FleetError, messageOf } from "#kernel/errors.js"

export interface Folder {
  readonly path: string
  readonly ledger: string
  readonly views: string
  readonly ops: string
  readonly socket: string
  readonly lock: string
}

export function folderAt(folder: string): Folder {
  const file = (name: string) => path.join(folder, name)
  return {
    path: folder,
    ledger: file("ledger.db"),
    views: file("views.db"),
    ops: file("ops.db"),
    socket: file("fleet-ledger.sock"),
    lock: file("lock"),
  }
}

/** Makes the folder if need be, for this user alone. @throws FleetError `StoreUnavailable` */
export function makeFolder(folder: Folder): void {
  try {
    makeWithParents(folder.path)
    fs.accessSync(folder.path, fs.constants.R_OK | fs.constants.W_OK)
  } catch (error) {
    throw new FleetError(
      "StoreUnavailable",
      `the data folder ${folder.path} cannot be used: ${messageOf(error)}; choose another with --data`,
      { cause: error },
    )
  }
}

/** Step by step: Node's own `recursive` never returns where the kernel says that a folder it has just seen does not exist (/proc). */
function makeWithParents(folder: string): void {
  if (fs.existsSync(folder)) return
  const parent = path.dirname(folder)
  if (parent !== folder) makeWithParents(parent)
  fs.mkdirSync(folder, { mode: 0o700 })
}

export interface FolderLock {
  release(): void
}

/** @returns undefined when another process holds it */
export function tryLock(folder: Folder): FolderLock | undefined {
  const db = new Database(folder.lock, { timeout: 0 })
  try {
    db.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return undefined
    throw error
  }
  return { release: () => db.close() }
}
