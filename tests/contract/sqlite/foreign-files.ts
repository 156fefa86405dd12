/** What is not ours, or not ours to understand, is refused and stays as it was, byte by byte. */
import Database from "better-sqlite3"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerStore } from "#ledger/sqlite/schema.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { expect, it } from "vitest"

/** The error that opening ends with; the file and its folder must be as they were. */
async function untouchedRefusal(file: string) {
  const before = await Promise.all([fs.readFile(file), fs.readdir(path.dirname(file))])
  const error = await refusalOf(() => openSqliteLedger(file))
  const after = await Promise.all([fs.readFile(file), fs.readdir(path.dirname(file))])
  expect(after[0].equals(before[0])).toBe(true)
  expect(after[1]).toStrictEqual(before[1])
  return error
}

async function fileWith(statements: string): Promise<string> {
  const file = path.join(await tempFolder(), "other.db")
  const db = new Database(file)
  db.exec(statements)
  db.close()
  return file
}

export function foreignFiles(): void {
  it("is refused when a newer program wrote it, and says what to do", async () => {
    const file = await ledgerFile()
    const db = new Database(file)
    const known = ledgerStore.migrations.length
    db.pragma(`user_version = ${known + 1}`)
    db.close()
    const error = await untouchedRefusal(file)
    expect(error).toMatchObject({ code: "NewerVersion", kind: "data" })
    expect(error.message).toContain(
      `version ${known + 1} of the ledger's format; this fleet-ledger knows ${known}. Use the newer program`,
    )
  })

  it.each([0, -1])("is refused when it says that its version is %i, which no ledger ever had", async (version) => {
    const file = await ledgerFile()
    const db = new Database(file)
    db.pragma(`user_version = ${version}`)
    db.close()
    expect((await untouchedRefusal(file)).code).toBe("StoreDamaged")
  })

  it.each([
    ["somebody else's", "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')"],
    ["somebody else's with a log", "PRAGMA journal_mode = WAL; CREATE TABLE notes (text)"],
    ["somebody else's with our tables' names", "CREATE TABLE events (position); PRAGMA user_version = 1"],
    ["another store of ours", `PRAGMA application_id = 1179407921; CREATE TABLE notes (text); PRAGMA user_version = 1`],
    ["somebody else's without tables", "PRAGMA application_id = 7; PRAGMA user_version = 1"],
  ])("is refused when it is %s", async (_, statements) => {
    const error = await untouchedRefusal(await fileWith(statements))
    expect(error).toMatchObject({ code: "StoreDamaged", kind: "data" })
    expect(error.message).toContain("is not a fleet-ledger ledger")
  })

  it("is refused when it is no database at all", async () => {
    const file = path.join(await tempFolder(), "ledger.db")
    await fs.writeFile(file, "position,stream,revision\n".repeat(100))
    const error = await untouchedRefusal(file)
    expect(error.code).toBe("StoreDamaged")
    expect(error.message).toContain(file)
  })

  it("can be opened again by whoever wrote it", async () => {
    const file = await fileWith(
      "PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')",
    )
    await untouchedRefusal(file)
    const db = new Database(file)
    expect(db.prepare("SELECT text FROM notes").pluck().all()).toStrictEqual(["mine"])
    db.close()
  })
}
