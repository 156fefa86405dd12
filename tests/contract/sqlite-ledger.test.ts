/** The ledger on SQLite: the port's contract, and what is SQLite's own: the file, its triggers, damage, permissions and a full disk. */
import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe } from "vitest"
import { ledgerContract } from "./ledger.js"
import { appendOnly } from "./sqlite/append-only.js"
import { damagedFiles } from "./sqlite/damaged-files.js"
import { durability } from "./sqlite/durability.js"
import { indexOfStreams } from "./sqlite/index-of-streams.js"
import { foreignFiles } from "./sqlite/foreign-files.js"
import { fullDisk } from "./sqlite/full-disk.js"
import { longPayloads } from "./sqlite/long-payloads.js"
import { redacting } from "./sqlite/redacting.js"
import { unusableFiles } from "./sqlite/unusable-files.js"

ledgerContract("SQLite", async (clock) => {
  const file = path.join(await tempFolder(), "ledger.db")
  let ledger = openSqliteLedger(file, clock)
  return {
    ledger,
    async reopen() {
      await ledger.close()
      return (ledger = openSqliteLedger(file, clock))
    },
    dispose: () => ledger.close(),
  }
})

describe("the file of an SQLite ledger", () => {
  describe("is append-only", () => {
    appendOnly()
  })
  describe("is durable", () => {
    durability()
  })
  describe("from which a payload is redacted", () => {
    redacting()
  })
  describe("whose payloads are long", () => {
    longPayloads()
  })
  describe("that is not ours", () => {
    foreignFiles()
  })
  describe("that is damaged", () => {
    damagedFiles()
  })
  describe("whose index of streams", () => {
    indexOfStreams()
  })
  describe("that cannot be used", () => {
    unusableFiles()
  })
  describe("on a full disk", () => {
    fullDisk()
  })
})
