/** What is acknowledged has reached the disk: a write-ahead log that is synced at every commit. */
import Database from "better-sqlite3"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerStore } from "#ledger/sqlite/schema.js"
import { openStore } from "#sqlite/open.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { setImmediate } from "node:timers/promises"
import { type Position, origin } from "#kernel/point.js"
import { expect, it, onTestFinished } from "vitest"
import { everything } from "../ledger/fresh.js"

export function durability(): void {
  it("keeps a write-ahead log, as a fresh connection finds", async () => {
    const db = new Database(await ledgerFile(), { readonly: true })
    onTestFinished(() => void db.close())
    expect(db.pragma("journal_mode", { simple: true })).toBe("wal")
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
  })

  it("syncs at every commit, be the file new or not", async () => {
    const file = path.join(await tempFolder(), "ledger.db")
    for (const _ of ["new", "again"]) {
      const db = openStore(file, ledgerStore)
      expect(db.pragma("synchronous", { simple: true })).toBe(2)
      db.close()
    }
  })

  it("holds every acknowledged event in what is on the disk, though nobody has closed it", async () => {
    const folder = await tempFolder()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"))
    onTestFinished(() => ledger.close())
    await ledger.append(stream("target-1"), -1, changes(50), "a")
    await ledger.append(stream("target-1"), 49, changes(50), "b")
    // What a crash leaves behind: the file and its log, without the shared memory of the process that died.
    const crashed = await tempFolder()
    for (const name of ["ledger.db", "ledger.db-wal"]) {
      await fs.copyFile(path.join(folder, name), path.join(crashed, name))
    }
    const recovered = openSqliteLedger(path.join(crashed, "ledger.db"))
    onTestFinished(() => recovered.close())
    expect(await everything(recovered)).toStrictEqual(await everything(ledger))
    expect(await recovered.append(stream("target-1"), 99, changes(1), "c")).toStrictEqual({
      revision: 100,
      position: 100,
    })
  })

  it("tells nobody of an event before it is acknowledged", async () => {
    const ledger = openSqliteLedger(path.join(await tempFolder(), "ledger.db"))
    onTestFinished(() => ledger.close())
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const followed: Position[] = []
    const following = (async () => {
      for await (const batch of ledger.subscribe(origin, stop.signal))
        followed.push(...batch.map(({ position }) => position))
    })()
    for (let round = 0; round < 20; round++) {
      let isAcknowledged = false
      const appending = ledger
        .append(stream("target-1"), round - 1, changes(1), `${round}`)
        .then(() => (isAcknowledged = true))
      for (;;) {
        const { position } = await ledger.head()
        if (isAcknowledged) break
        expect(position).toBe(round - 1)
        expect(followed).not.toContain(round)
        await setImmediate()
      }
      await appending
    }
    stop.abort()
    await following
  })

  it("acknowledges nothing more, and shows nothing that was not acknowledged, once the disk has not kept something", async () => {
    const folder = await tempFolder()
    const file = path.join(folder, "ledger.db")
    const ledger = openSqliteLedger(file)
    onTestFinished(() => ledger.close())
    // Somebody has tidied up: what is written now goes to a file that nobody will find.
    await fs.rm(`${file}-wal`)
    for (const round of [1, 2]) {
      const refused = await refusalOf(() => ledger.append(stream("target-1"), -1, changes(1), `${round}`))
      expect(refused).toMatchObject({ code: "StoreUnavailable", message: expect.stringContaining("start again") })
      expect((await ledger.head()).position).toBe(origin)
    }
    await ledger.close()
    const again = openSqliteLedger(file)
    onTestFinished(() => again.close())
    expect(await again.append(stream("target-1"), -1, changes(1), "1")).toMatchObject({ position: 0 })
  })

  it("gives every event a salt of its own, of 16 bytes", async () => {
    const db = new Database(await ledgerFile(1_000), { readonly: true })
    onTestFinished(() => void db.close())
    const salts = db.prepare<[], string>("SELECT hex(salt) FROM events").pluck().all()
    expect(new Set(salts).size).toBe(1_000)
    expect(salts.every((salt) => salt.length === 32)).toBe(true)
  })
}
