/**
 * Opening an SQLite file of ours: refuses what is not ours or was written by a newer version, before a byte of it is changed, and
 * brings an older one up to date. A file's version is its number of applied migrations, in `user_version`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
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
  /** Whether space that becomes free can be given back to the file system. */
  readonly givesBack?: true
  /** Memory for pages, in KiB. */
  readonly cacheKiB: number
}

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export function openStore(file: string, store: Store): Db {
  if (!fs.existsSync(path.dirname(file))) {
    throw new FleetError("StoreUnavailable", `the ${store.what} ${file} cannot be opened: its folder does not exist`)
  }
  let db: Db | undefined
  try {
    db = new Database(file)
    const version = db.pragma("user_version", { simple: true }) as number
    const isNew = version === 0 && db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0
    if (!isNew) refuseForeign(db, file, store, version)
    if (isNew) db.pragma("page_size = 16384")
    if (isNew && store.givesBack) db.pragma("auto_vacuum = INCREMENTAL")
    db.pragma("journal_mode = WAL")
    db.pragma(`synchronous = ${store.synchronous}`)
    db.pragma(`cache_size = -${store.cacheKiB}`)
    if (version < store.migrations.length) migrate(db, store, version)
    return db
  } catch (error) {
    db?.close()
    throw storeError(error, `the ${store.what} ${file}`)
  }
}

function refuseForeign(db: Db, file: string, store: Store, version: number): void {
  if (db.pragma("application_id", { simple: true }) !== store.applicationId || version < 1) {
    throw new FleetError("StoreDamaged", `${file} is not a fleet-ledger ${store.what}; it was left untouched`)
  }
  if (version > store.migrations.length) {
    throw new FleetError(
      "NewerVersion",
      `${file} has version ${version} of the ${store.what}'s format; this fleet-ledger knows ${store.migrations.length}. Use the newer program; the file was left untouched`,
    )
  }
  const there = new Set(schemaOf(db))
  const missing = declaredBy(store.migrations.slice(0, version)).find((sql) => !there.has(sql))
  if (missing !== undefined) {
    throw new FleetError(
      "StoreDamaged",
      `the ${store.what} ${file} is damaged (it lacks or has altered: ${missing.split("\n")[0]}); restore it from a backup`,
    )
  }
}

/** What the file consists of: its tables, indices and triggers as they were declared. */
function schemaOf(db: Db): string[] {
  return db.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").pluck().all()
}

function declaredBy(migrations: readonly string[]): string[] {
  const db = new Database(":memory:")
  for (const migration of migrations) db.exec(migration)
  const schema = schemaOf(db)
  db.close()
  return schema
}

function migrate(db: Db, store: Store, from: number): void {
  db.transaction(() => {
    for (const migration of store.migrations.slice(from)) db.exec(migration)
    db.pragma(`application_id = ${store.applicationId}`)
    db.pragma(`user_version = ${store.migrations.length}`)
  }).immediate()
}
