/** A copy of the ledger's file with its archives, whole and durable, while somebody else writes to it. */
import * as fs from "node:fs"
import Database from "better-sqlite3"
import { FleetError, messageOf } from "#kernel/errors.js"
import { storeError } from "#sqlite/errors.js"
import { ArchiveFolder, copyDurably } from "../archive/folder.js"
import { hashOfFile } from "../archive/segment.js"
import { archiveRows } from "./archive-rows.js"
import { archiveFolderOf } from "./archived.js"

/**
 * One read transaction, so writers are neither held up nor able to make it begin again. Archives are looked for beside the ledger, then beside another one; those
 * that are in neither place are left out, as they are elsewhere.
 *
 * @throws FleetError `NotFound`, `InvalidInput`, `StoreUnavailable`
 */
export function copySqliteLedger(from: string, to: string, besides?: string): void {
  copyFile(from, to)
  const folders = [from, ...(besides === undefined ? [] : [besides])].map((file) => archiveFolderOf(file))
  try {
    if (copyArchives(folders, to)) return
    // One may have been replaced by a redaction since the copy was made: once more, by what the ledger says now.
    fs.rmSync(to)
    copyFile(from, to)
    copyArchives(folders, to)
  } catch (error) {
    fs.rmSync(to, { force: true })
    fs.rmSync(archiveFolderOf(to), { force: true, recursive: true })
    if (error instanceof Error && "syscall" in error) {
      throw new FleetError(
        "StoreUnavailable",
        `the archives of the copy ${to} cannot be written: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    }
    throw storeError(error, `the archives of the copy ${to}`)
  }
}

/** @returns whether all were there that nobody has moved elsewhere */
function copyArchives(folders: readonly string[], to: string): boolean {
  const db = new Database(to, { readonly: true })
  try {
    const rows = archiveRows(db).all()
    const target = new ArchiveFolder(archiveFolderOf(to))
    const found = rows.map((row) => {
      const files = folders.flatMap((folder) => {
        const file = new ArchiveFolder(folder).fileOf(row)
        return [file, `${file}.partial`]
      })
      const file = files.find((candidate) => fs.existsSync(candidate) && hashOfFile(candidate).equals(row.sha256))
      if (file !== undefined) copyDurably(file, target.fileOf(row))
      return file !== undefined || row.moved_to !== null
    })
    return found.every(Boolean)
  } finally {
    db.close()
  }
}

function copyFile(from: string, to: string): void {
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
