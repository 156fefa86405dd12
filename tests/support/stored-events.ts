/** The events in a data folder that nobody works on, as they lie in the file. */
import Database from "better-sqlite3"
import { expect } from "vitest"
import type { Options } from "./program.js"

export interface Stored {
  readonly position: number
  readonly stream_no: number
  readonly revision: number
  readonly type: string
  readonly head: string
}

/** Every event, after SQLite itself has checked the file. */
export function storedIn({ data }: Options): readonly Stored[] {
  const db = new Database(`${data}/ledger.db`, { readonly: true })
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
  const events = db
    .prepare<[], Stored>(
      "SELECT position, stream_no, revision, types.name AS type, head FROM events JOIN types ON types.no = type_no ORDER BY position",
    )
    .all()
  db.close()
  return events
}
