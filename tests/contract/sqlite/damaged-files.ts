/** Damage is said to be damage, in a sentence with the file's name: never a crash, and never fewer events than there were. */
import * as fs from "node:fs"
import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
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
    const codes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...used), fc.integer({ min: 1, max: 255 }), async (offset, flip) => {
        const damaged = Buffer.from(bytes)
        damaged[offset] = damaged[offset]! ^ flip
        const file = path.join(folder, `${offset}-${flip}.db`)
        const outcome = await eventsIn(damaged, file).catch(async (error: unknown) =>
          refusalOf(() => Promise.reject(error)),
        )
        if (typeof outcome === "number") expect(outcome).toBe(200)
        else codes.add(outcome.code)
        fs.rmSync(file)
      }),
      { numRuns: 150 },
    )
    const allowed = ["NewerVersion", "StoreDamaged", "StoreUnavailable"]
    expect([...codes].filter((code) => !allowed.includes(code))).toStrictEqual([])
    expect(codes).toContain("StoreDamaged")
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
    expect(await ledger.readAll({ after: 77 as never, limit: 1_000 })).toHaveLength(122)
    await ledger.close()
  })

  it("is refused when a page in its middle is gone, as soon as that page is asked for", async () => {
    const file = await ledgerFile(2_000)
    const bytes = fs.readFileSync(file)
    const error = await refusalOf(() => eventsIn(bytes.fill(0, 10 * pageSize, 40 * pageSize), file))
    expect(error.code).toBe("StoreDamaged")
  })
}
