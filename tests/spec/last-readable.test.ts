/** The last event of a stream, as far as it can be read here. */
import { FleetError } from "#kernel/errors.js"
import { lastReadable } from "#ledger/last-readable.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { carried, changes, stream } from "#tests/support/sample-events.js"
import { expect, it, onTestFinished } from "vitest"

const one = stream("target-1")
const failing = (error: Error) => ({ readStream: () => Promise.reject(error) }) as unknown as Ledger

it("is the last one, none of a stream that has none, and none that is in an archive that is not there", async () => {
  const ledger = openSqliteLedger(":memory:")
  onTestFinished(() => ledger.close())
  await ledger.append(one, noStream, changes(3), "a")
  expect(carried(await lastReadable(ledger, one))).toBe("change/2")
  expect(await lastReadable(ledger, stream("target-2"))).toBeUndefined()
  expect(await lastReadable(failing(new FleetError("ArchiveUnavailable", "moved")), one)).toBeUndefined()
})

it.each([new FleetError("StoreUnavailable", "not now"), new TypeError("a mistake")])(
  "is not known where reading fails otherwise: %s",
  async (error) => {
    await expect(lastReadable(failing(error), one)).rejects.toBe(error)
  },
)
