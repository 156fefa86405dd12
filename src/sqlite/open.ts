/**
 * Opening an SQLite file of ours: refuses what is not ours or was written by a newer version, before a byte of it is changed, and
 * brings an older one up to date. A file's version is its number of applied migrations, in `user_version`.
 */
import Database from "better-sqlite3"
import { FleetError } from "#kernel/errors.js"
import { storeError } from "./errors.js"

export type Db = Database.Database

export interface Store {
  /** What a person calls it, e.g. "ledger". */
  readonly what: string
  /** Marks the file as ours and of this kind (`PRAGMA application_id`). */
  readonly applicationId: number
  /** Each brings the schema from its index to the next version. Never edited once released. */
  readonly migrations: readonly string[]
  /** FULL: a commit survives power loss. NORMAL: it survives a crash of the process, and the file stays whole. */
  readonly synchronous: "FULL" | "NORMAL"
}

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export function openStore(file: string, store: Store): Db {
  let db: Db | undefined
  try {
    db = new Database(file)
    const version = db.pragma("user_version", { simple: true }) as number
    const isNew = version === 0 && db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0
    if (!isNew) refuseForeign(db, file, store, version)
    if (isNew) db.pragma("page_size = 16384")
    db.pragma("journal_mode = WAL")
    db.pragma(`synchronous = ${store.synchronous}`)
    db.pragma("foreign_keys = ON")
    if (version < store.migrations.length) migrate(db, store, version)
    return db
  } catch (error) {
    db?.close()
    throw storeError(error, `the ${store.what} ${file}`)
  }
}

function refuseForeign(db: Db, file: string, store: Store, version: number): void {
  if (db.pragma("application_id", { simple: true }) !== store.applicationId) {
    throw new FleetError("StoreDamaged", `${file} is not a fleet-ledger ${store.what}; it was left untouched`)
  }
  if (version > store.migrations.length) {
    throw new FleetError(
      "NewerVersion",
      `${file} has version ${version} of the ${store.what}'s format; this fleet-ledger knows ${store.migrations.length}. Use the newer program; the file was left untouched`,
    )
  }
}

function migrate(db: Db, store: Store, from: number): void {
  db.transaction(() => {
    for (const migration of store.migrations.slice(from)) db.exec(migration)
    db.pragma(`application_id = ${store.applicationId}`)
    db.pragma(`user_version = ${store.migrations.length}`)
  }).immediate()
}
