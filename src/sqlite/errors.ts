/** SQLite's result codes as the project's errors: what can be waited for, what is broken, and what is a bug. */
import Database from "better-sqlite3"
import { FleetError } from "#kernel/errors.js"

const causes: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_FULL/, "the disk is full; free some space and it goes on"],
  [/^SQLITE_(?:READONLY|PERM)/, "it is read-only; check the permissions of the file and its folder"],
  [/^SQLITE_(?:BUSY|LOCKED)/, "another process is using it"],
  [/^SQLITE_CANTOPEN/, "it cannot be opened; check that the folder exists and is writable"],
  [/^SQLITE_IOERR/, "the disk did not do what it was asked"],
]

/** @returns what to throw instead of `error`; errors that are not SQLite's come back as they are. */
export function storeError(error: unknown, what: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  const { code } = error
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code) || error.message === "unsupported file format") {
    return new FleetError("StoreDamaged", `${what} is damaged (${error.message}); restore it from a backup`, {
      cause: error,
    })
  }
  const cause = causes.find(([pattern]) => pattern.test(code))
  if (cause === undefined) return error
  return new FleetError("StoreUnavailable", `${what} cannot be used now: ${cause[1]}`, {
    cause: error,
    details: { sqlite: code },
  })
}
