/** A copy of the ledger's file, whole and durable, while somebody else writes to it. */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { FleetError, messageOf } from "#kernel/errors.js"
import { storeError } from "#sqlite/errors.js"

/** One read transaction, so writers are neither held up nor able to make it begin again. @throws FleetError `NotFound`, `InvalidInput`, `StoreUnavailable` */
export function copySqliteLedger(from: string, to: string): void {
  if (!fs.existsSync(from)) throw new FleetError("NotFound", `there is no ledger at ${from}`)
  try {
    // For its owner alone, and never over something that is there.
    fs.closeSync(fs.openSync(to, "wx", 0o600))
  } catch (cause) {
    throw new FleetError("InvalidInput", `the copy cannot be written: ${messageOf(cause)}`, { cause })
  }
  let db: Database.Database | undefined
  try {
    db = new Database(from, { readonly: true })
    db.prepare("VACUUM INTO ?").run(to)
    const written = fs.openSync(to, "r+")
    fs.fsyncSync(written)
    fs.closeSync(written)
  } catch (error) {
    fs.rmSync(to, { force: true })
    throw storeError(error, `the copy ${to} of the ledger`)
  } finally {
    db?.close()
  }
}
