/** Checkpoints as files outside the database: the newest by itself, and all of a month one after the other, to be copied to wherever nobody here can write. */
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { SealedCheckpoint } from "#ledger/proof/seal.js"

export const newestNote = "latest.note"

/** @throws FleetError `StoreUnavailable` */
export function writeCheckpoint(folder: string, { note }: SealedCheckpoint, month: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    fs.appendFileSync(path.join(folder, `${month}.notes`), `${note}\n`, { mode: 0o600 })
    const beside = path.join(folder, `${newestNote}.new`)
    fs.writeFileSync(beside, note, { mode: 0o600 })
    fs.renameSync(beside, path.join(folder, newestNote))
  } catch (error) {
    throw new FleetError("StoreUnavailable", `the checkpoint cannot be written to ${folder}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
