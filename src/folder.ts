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
  /** What follows a ledger that a cluster keeps. */
  readonly copy: string
  readonly views: string
  readonly ops: string
  readonly socket: string
  readonly lock: string
  readonly checkpoints: string
}

const socketName = "fleet-ledger.sock"

/** Bytes of a socket's path, as Linux has it: a longer one would be cut, and might then be that of another folder. */
const longestSocketPath = 107

/** @throws FleetError `InvalidConfig` */
export function folderAt(folder: string): Folder {
  const file = (name: string) => path.join(folder, name)
  const tooLong = Buffer.byteLength(file(socketName)) - longestSocketPath
  if (tooLong > 0) {
    throw new FleetError(
      "InvalidConfig",
      `the data folder's path is too long: ${Buffer.byteLength(folder) - tooLong} bytes at most, for the socket in it; choose another with --data`,
    )
  }
  return {
    path: folder,
    ledger: file("ledger.db"),
    copy: file("copy.db"),
    views: file("views.db"),
    ops: file("ops.db"),
    socket: file(socketName),
    lock: file("lock"),
    checkpoints: file("checkpoints"),
  }
}

/** Makes the folder if need be, for this user alone. @throws FleetError `StoreUnavailable` */
function makeFolder(folder: Folder): void {
  try {
    makeWithParents(folder.path)
    // Only a folder has a `.`.
    fs.accessSync(`${folder.path}/.`, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
  } catch (error) {
    throw unusable(folder, error)
  }
}

function unusable(folder: Folder, error: unknown): FleetError {
  const message = `the data folder ${folder.path} cannot be used: ${messageOf(error)}; choose another with --data`
  return new FleetError("StoreUnavailable", message, { cause: error })
}

/** Step by step: Node's own `recursive` never returns where the kernel says that a folder it has just seen does not exist (/proc). */
function makeWithParents(folder: string): void {
  if (fs.existsSync(folder)) return
  const parent = path.dirname(folder)
  if (parent !== folder) makeWithParents(parent)
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another command may have made it since.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

export interface FolderLock {
  release(): void
}

/** @returns undefined when another process holds it @throws FleetError `StoreUnavailable` */
function tryLock(folder: Folder): FolderLock | undefined {
  let db: Database.Database | undefined
  try {
    db = new Database(folder.lock, { timeout: 0 })
    db.exec("BEGIN EXCLUSIVE")
    const held = db
    return { release: () => held.close() }
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return undefined
    throw unusable(folder, error)
  }
}

/** Makes the folder if need be, and takes it for this process alone. @throws FleetError `FolderInUse`, `StoreUnavailable` */
export function lockFolder(data: string): { readonly folder: Folder; readonly lock: FolderLock } {
  const folder = folderAt(data)
  makeFolder(folder)
  const lock = tryLock(folder)
  if (lock !== undefined) return { folder, lock }
  throw new FleetError(
    "FolderInUse",
    `another fleet-ledger is working on ${folder.path}; stop it or choose another folder with --data`,
  )
}

/** Removes an SQLite file with what SQLite keeps beside it. */
export function removeStore(file: string): void {
  for (const suffix of storeSuffixes) fs.rmSync(`${file}${suffix}`, { force: true, recursive: true })
}

/** Moves one. */
export function moveStore(from: string, to: string): void {
  for (const suffix of storeSuffixes) {
    if (fs.existsSync(`${from}${suffix}`)) fs.renameSync(`${from}${suffix}`, `${to}${suffix}`)
  }
}

const storeSuffixes = ["", "-wal", "-shm", ".archives"]
