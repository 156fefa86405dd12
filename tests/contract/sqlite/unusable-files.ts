/** What can be mended from outside (a folder, a permission) is "not now", with the sentence that says what to mend. */
import * as fs from "node:fs"
import * as path from "node:path"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerFile } from "#tests/support/ledger-file.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { expect, it } from "vitest"
import { everything } from "../ledger/fresh.js"

const nobody = 65_534

/** Root may write whatever the permissions say, so it steps down for the while. */
async function withoutPrivileges<T>(action: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.() ?? nobody
  if (user === 0) process.seteuid?.(nobody)
  try {
    return await action()
  } finally {
    if (user === 0) process.seteuid?.(user)
  }
}

export function unusableFiles(): void {
  it("is unavailable when its folder does not exist", async () => {
    const file = path.join(await tempFolder(), "none", "ledger.db")
    const error = await refusalOf(() => openSqliteLedger(file))
    expect(error).toMatchObject({ code: "StoreUnavailable", kind: "unavailable", retryable: true })
    expect(error.message).toContain(`${file} cannot be opened: its folder does not exist`)
  })

  it("is unavailable when it is a folder", async () => {
    const folder = await tempFolder()
    expect((await refusalOf(() => openSqliteLedger(folder))).code).toBe("StoreUnavailable")
  })

  it("is read and not written when it may only be read, and says so", async () => {
    const file = await ledgerFile(10)
    fs.chmodSync(path.dirname(file), 0o777)
    fs.chmodSync(file, 0o444)
    const error = await withoutPrivileges(async () => {
      const ledger = openSqliteLedger(file)
      expect(await everything(ledger)).toHaveLength(10)
      const refusal = await refusalOf(() => ledger.append(stream("target-1"), 9, changes(1), "more"))
      await ledger.close()
      return refusal
    })
    expect(error).toMatchObject({ code: "StoreUnavailable", retryable: true })
    expect(error.message).toContain("it is read-only; check the permissions")
  })

  it("is unavailable when it and its folder may only be read", async () => {
    const file = await ledgerFile(10)
    fs.chmodSync(path.dirname(file), 0o555)
    fs.chmodSync(file, 0o444)
    const error = await withoutPrivileges(() => refusalOf(() => openSqliteLedger(file)))
    fs.chmodSync(path.dirname(file), 0o700)
    expect(error.code).toBe("StoreUnavailable")
    expect(error.message).toContain(file)
  })

  it("cannot be searched for faults when it is gone meanwhile", async () => {
    const file = await ledgerFile(10)
    const ledger = openSqliteLedger(file)
    expect(await ledger.fault()).toBeUndefined()
    fs.renameSync(file, `${file}.away`)
    expect(await refusalOf(() => ledger.fault())).toMatchObject({ code: "StoreUnavailable", retryable: true })
    fs.renameSync(`${file}.away`, file)
    await ledger.close()
  })

  it("is searched for faults also where it is memory", async () => {
    const ledger = openSqliteLedger(":memory:")
    await ledger.append(stream("target-1"), -1, changes(10), "some")
    expect(await ledger.fault()).toBeUndefined()
    await ledger.close()
  })

  it("is unavailable when it may not be read", async () => {
    const file = await ledgerFile(10)
    fs.chmodSync(path.dirname(file), 0o755)
    fs.chmodSync(file, 0o000)
    const error = await withoutPrivileges(() => refusalOf(() => openSqliteLedger(file)))
    expect(error.code).toBe("StoreUnavailable")
  })
}
