/**
 * Bits that turn over on the disk: whatever bit it is, what is read afterwards is what was written, or verifying says what is wrong, or the program says that the file is damaged. What can be
 * made again is made again. `npm run torture` turns over many.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as fc from "fast-check"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { type Vouched, verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { archivedLedger } from "#tests/support/archived-ledger.js"
import { often } from "#tests/support/often.js"
import { stream } from "#tests/support/sample-events.js"
import { eventCount, sealedLedger } from "#tests/support/sealed-ledger.js"
import { describe, expect, it } from "vitest"

const numRuns = often(20, 2_000)
const forever = new AbortController().signal

/** Anywhere in a file, and which bit there. */
const flips = fc.record({ where: fc.noBias(fc.nat(2 ** 31 - 1)), bit: fc.nat(7) })

function turnOver(file: string, { where, bit }: { readonly where: number; readonly bit: number }): void {
  const bytes = fs.readFileSync(file)
  const at = Math.floor((where / 2 ** 31) * bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  fs.writeFileSync(file, bytes)
}

/** Everything that can be read of it, in each way there is. */
async function allOf(ledger: Ledger): Promise<unknown> {
  const all = await ledger.readAll({ after: -1 as Position, limit: 10_000 })
  const names = ["target-a", "target-b", "ledger"].map(stream)
  const middle = Math.floor(eventCount / 2) as Position
  return {
    all,
    head: await ledger.head(),
    streams: await Promise.all(
      names.map(async (name) => [
        await ledger.revisionOf(name),
        await ledger.readStream(name, { limit: 1_000 }),
        await ledger.readStream(name, { limit: 1_000, backwards: true }),
      ]),
    ),
    checkpoints: await ledger.readAll({ after: -1 as Position, types: ["LedgerCheckpointed"], limit: 1_000 }),
    some: await ledger.readAt([0 as Position, middle]),
    times: [await ledger.timeOf(middle), await ledger.positionAt(await ledger.timeOf(middle))],
  }
}

async function within<T>(file: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = openSqliteLedger(file)
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

/** What is read, if nobody was told that something is wrong. */
async function readUntold(file: string, vouched: Vouched): Promise<unknown> {
  try {
    return await within(file, async (ledger) => {
      const { wrong, unread } = await verify(ledger, vouched, () => {}, forever)
      return wrong === null && unread.length === 0 ? await allOf(ledger) : undefined
    })
  } catch (error) {
    if (error instanceof FleetError) return undefined
    throw error
  }
}

describe("a bit that turned over", () => {
  it(
    `in the ledger's file is found or changes nothing that is read, ${numRuns} times`,
    { timeout: 600_000 },
    async () => {
      const { file, key, kept } = await sealedLedger()
      const whole = fs.readFileSync(file)
      const before = await within(file, allOf)
      const vouched = { key, checkpoints: kept.map((note) => ({ where: "elsewhere", note })) }
      expect(await readUntold(file, vouched)).toEqual(before)
      let untold = 0
      await fc.assert(
        fc.asyncProperty(flips, async (flip) => {
          fs.writeFileSync(file, whole)
          for (const beside of ["-wal", "-shm"]) fs.rmSync(file + beside, { force: true })
          turnOver(file, flip)
          const read = await readUntold(file, vouched)
          if (read === undefined) return
          untold += 1
          expect(read).toEqual(before)
        }),
        { numRuns, endOnFailure: true },
      )
      // Much of a small file is room that is kept free.
      expect(untold).toBeLessThan(numRuns)
    },
  )

  it(`in an archive is named, ${numRuns} times`, { timeout: 600_000 }, async () => {
    const { file, key, kept } = await archivedLedger()
    const folder = `${file}.archives`
    const archive = path.join(folder, fs.readdirSync(folder)[0] as string)
    const whole = fs.readFileSync(archive)
    const before = await within(file, allOf)
    const vouched = { key, checkpoints: kept.map((note) => ({ where: "elsewhere", note })) }
    expect(await readUntold(file, vouched)).toEqual(before)
    await fc.assert(
      fc.asyncProperty(flips, async (flip) => {
        fs.writeFileSync(archive, whole)
        turnOver(archive, flip)
        // Undefined where somebody was told.
        expect([before, undefined]).toContainEqual(await readUntold(file, vouched))
      }),
      { numRuns, endOnFailure: true },
    )
  })
})
