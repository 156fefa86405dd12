/** A disk that is full costs no acknowledged event, leaves nothing half-written, and is over as soon as there is space. */
import Database from "better-sqlite3"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { needs } from "#tests/support/real-parts.js"
import { refusalOf } from "#tests/support/refusal.js"
import { carried, changed, stream } from "#tests/support/sample-events.js"
import { canMount, smallDisk } from "#tests/support/small-disk.js"
import { describe, expect, it, onTestFinished } from "vitest"
import { everything } from "../ledger/fresh.js"

const one = stream("target-1")

/** A name for each event, long enough to fill a disk soon. */
const text = (n: number) => `${n} `.padEnd(10_000, "full ")

/** Appends three at a time until they are refused. @returns how many events were acknowledged, and the refusals. */
async function appendUntilRefused(ledger: Ledger, start: number) {
  for (let acknowledged = start; ; acknowledged += 3) {
    const appends = [0, 1, 2]
      .map((n) => acknowledged + n)
      .map((n) => ledger.append(one, n - 1, [changed(text(n))], `run/${n}`))
    const refusals = (await Promise.allSettled(appends)).filter((outcome) => outcome.status === "rejected")
    if (refusals.length > 0) return { acknowledged, refusals: refusals.map(({ reason }) => reason as unknown) }
  }
}

async function expectExactly(ledger: Ledger, count: number): Promise<void> {
  const wanted = Array.from({ length: count }, (_, n) => [n, n, text(n)])
  const there = (await everything(ledger)).map((event) => [event.position, event.revision, carried(event)])
  expect(there).toStrictEqual(wanted)
  expect((await ledger.head()).position).toBe(count - 1)
  expect(await ledger.revisionOf(one)).toBe(count - 1)
}

export function fullDisk(): void {
  const hasDisk = needs("the right to mount a small disk", canMount())

  describe.runIf(hasDisk)("of 2 MiB", () => {
    it("refuses to append, keeps what it acknowledged, and goes on when space is freed", async () => {
      const disk = await smallDisk(2)
      const file = path.join(disk, "ledger.db")
      const ballast = path.join(disk, "ballast")
      fs.writeFileSync(ballast, Buffer.alloc(512 * 1024))
      let ledger = openSqliteLedger(file)
      onTestFinished(() => ledger.close())

      const { acknowledged, refusals } = await appendUntilRefused(ledger, 0)
      const message = `the ledger ${file} cannot be used now: the disk is full; free some space and it goes on`
      const refusal = { code: "StoreUnavailable", kind: "unavailable", retryable: true, message }
      expect(refusals).toMatchObject([refusal, refusal, refusal])
      expect(acknowledged).toBeGreaterThan(10)
      await expectExactly(ledger, acknowledged)
      expect((await appendUntilRefused(ledger, acknowledged)).acknowledged).toBe(acknowledged)

      await ledger.close()
      ledger = openSqliteLedger(file)
      await expectExactly(ledger, acknowledged)

      fs.rmSync(ballast)
      const later = await appendUntilRefused(ledger, acknowledged)
      expect(later.acknowledged).toBeGreaterThan(acknowledged)
      await expectExactly(ledger, later.acknowledged)
      const db = new Database(file, { readonly: true })
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
      db.close()
    })

    it("refuses to begin, and begins when space is freed", async () => {
      const disk = await smallDisk(1)
      const file = path.join(disk, "ledger.db")
      const ballast = path.join(disk, "ballast")
      fs.writeFileSync(ballast, Buffer.alloc(1024 * 1024 - 8_192))
      const error = await refusalOf(() => openSqliteLedger(file))
      expect(error.code).toBe("StoreUnavailable")
      expect(error.message).toContain("the disk is full")
      fs.rmSync(ballast)
      const ledger = openSqliteLedger(file)
      onTestFinished(() => ledger.close())
      await ledger.append(one, -1, [changed(text(0))], "run/0")
      await expectExactly(ledger, 1)
    })
  })
}
