/** Damage is said to be damage, in a sentence with the file's name: never a crash, and never fewer events than there were. */
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError } from "#kernel/errors.js"
import { position } from "#kernel/point.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { noStream } from "#ledger/port.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { run, tamper } from "#tests/support/tampering.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { everything } from "../ledger/fresh.js"

const pageSize = 16_384

/** How many events a file of these bytes gives. */
async function eventsIn(bytes: Buffer, file: string): Promise<number> {
  fs.writeFileSync(file, bytes)
  const ledger = openSqliteLedger(file)
  try {
    return (await everything(ledger)).length
  } finally {
    await ledger.close()
  }
}

async function outcomeOf(bytes: Buffer, file: string): Promise<string> {
  try {
    return `${await eventsIn(bytes, file)} events`
  } catch (error) {
    if (error instanceof FleetError) return error.code
    throw error
  }
}

export function damagedFiles(): void {
  it("is refused when its head is gone", async () => {
    const file = await ledgerFile()
    const bytes = fs.readFileSync(file).fill(0, 0, 100)
    const error = await refusalOf(() => eventsIn(bytes, file))
    expect(error).toMatchObject({ code: "StoreDamaged", kind: "data", retryable: false })
    expect(error.message).toContain(`${file} is damaged`)
    expect(error.message).toContain("backup")
  })

  it.each([100, 1_000, pageSize - 1, pageSize, 2 * pageSize, 100_000])(
    "is refused when it ends after %i bytes",
    async (end) => {
      const file = await ledgerFile()
      const error = await refusalOf(() => eventsIn(fs.readFileSync(file).subarray(0, end), file))
      expect(error.code).toBe("StoreDamaged")
      expect(error.message).toContain(file)
    },
  )

  it("is refused, or gives all of its events, wherever a byte of its first page fell over", async () => {
    const bytes = fs.readFileSync(await ledgerFile())
    const folder = await tempFolder()
    const used = Array.from({ length: pageSize }, (_, offset) => offset).filter((offset) => bytes[offset] !== 0)
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...used), fc.integer({ min: 1, max: 255 }), async (offset, flip) => {
        const damaged = Buffer.from(bytes)
        damaged[offset] = damaged[offset]! ^ flip
        const file = path.join(folder, `${offset}-${flip}.db`)
        outcomes.add(await outcomeOf(damaged, file))
        fs.rmSync(file)
      }),
      // SQLite has no checksums: among a million such bytes, a handful points one table at the pages of another. Hence the same ones each time.
      { numRuns: 150, seed: 8785 },
    )
    const allowed = new Set(["200 events", "NewerVersion", "StoreDamaged", "StoreUnavailable"])
    expect([...outcomes].filter((outcome) => !allowed.has(outcome))).toStrictEqual([])
    expect(outcomes).toContain("StoreDamaged")
  })

  it("says which event cannot be read when a byte fell over inside it, and gives the others", async () => {
    const file = await ledgerFile()
    const bytes = fs.readFileSync(file)
    const at = bytes.indexOf(`"value":"change/77"`)
    bytes[at] = 0x7e
    fs.writeFileSync(file, bytes)
    const ledger = openSqliteLedger(file)
    const error = await refusalOf(() => everything(ledger))
    expect(error.code).toBe("StoreDamaged")
    expect(error.message).toContain("position 77")
    expect(await ledger.readAll({ after: position(77), limit: 1_000 })).toHaveLength(122)
    await ledger.close()
  })

  it("is not told from another's append where that fell over, and fails nobody else's", async () => {
    const file = await ledgerFile()
    tamper(file, run("UPDATE events SET head = substr(head, 2) WHERE position = 0"))
    const ledger = openSqliteLedger(file)
    const [again, other] = await Promise.all([
      refusalOf(() => ledger.append(stream("target-1"), noStream, changes(200), "first")),
      ledger.append(stream("target-2"), noStream, changes(1), "other"),
    ])
    expect([again.code, other.position]).toStrictEqual(["RevisionConflict", 200])
    await ledger.close()
  })

  it("is told by an append that would have to be compared with a page that is gone", async () => {
    const file = await ledgerFile(600)
    const bytes = fs.readFileSync(file)
    const page = Math.floor(bytes.indexOf(`"value":"change/77"`) / pageSize)
    fs.writeFileSync(file, bytes.fill(0, page * pageSize, (page + 1) * pageSize))
    const ledger = openSqliteLedger(file)
    const error = await refusalOf(() => ledger.append(stream("target-1"), 76, changes(1), "again"))
    expect(error.code).toBe("StoreDamaged")
    await ledger.close()
  })

  it("tells of no head when the last event was recorded at no time there is", async () => {
    const file = await ledgerFile()
    tamper(file, run("UPDATE events SET recorded_at = 9000000000000000 WHERE position = 199"))
    const ledger = openSqliteLedger(file)
    const error = await refusalOf(() => ledger.head())
    await ledger.close()
    expect([error.code, error.message]).toStrictEqual([
      "StoreDamaged",
      "the event at position 199 is damaged (its time is none); restore the ledger from a backup",
    ])
  })

  it("is refused when a page in its middle is gone, as soon as that page is asked for", async () => {
    const file = await ledgerFile(2_000)
    const bytes = fs.readFileSync(file)
    const error = await refusalOf(() => eventsIn(bytes.fill(0, 10 * pageSize, 40 * pageSize), file))
    expect(error.code).toBe("StoreDamaged")
  })
}
