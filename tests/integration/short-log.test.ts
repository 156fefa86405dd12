/** The write-ahead log of a store is moved into its file by a thread, while the store is written to, and nothing of it is lost. */
import * as path from "node:path"
import { openStore } from "#sqlite/open.js"
import { shortLog } from "#sqlite/short-log.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { expect, it, vi } from "vitest"

const store = {
  what: "sample",
  applicationId: 1,
  synchronous: "NORMAL",
  cacheKiB: 1_024,
  migrations: ["CREATE TABLE texts (no INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"],
} as const

it("does not grow without bound, however it is written to", async () => {
  const file = path.join(await tempFolder(), "sample.db")
  let db = openStore(file, store)
  const log = shortLog(db)
  const insert = db.prepare<[string]>("INSERT INTO texts (text) VALUES (?)")
  const look = db.prepare<[], { log: number; checkpointed: number }>("PRAGMA wal_checkpoint(NOOP)")
  let written = 0
  await vi.waitFor(
    () => {
      const before = look.get()?.log ?? 0
      insert.run("x".repeat(100_000))
      log.committed()
      written += 1
      // It begins anew once all of it is in the file.
      expect(look.get()?.log ?? 0).toBeLessThan(before)
    },
    { timeout: 20_000, interval: 1 },
  )
  log.close()
  db.close()
  db = openStore(file, store)
  expect(db.prepare("SELECT count(*) FROM texts").pluck().get()).toBe(written)
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
  db.close()
})
