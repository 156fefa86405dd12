/** What was decided by reading up to a position is appended as it was decided, or not at all. */
import { type Position, origin } from "#kernel/point.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import { noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { expect, it, onTestFinished } from "vitest"

const one = stream("target-1")

it("a stream has the revision that was read, until somebody else writes to it", async () => {
  const ledger = openSqliteLedger(":memory:")
  onTestFinished(() => ledger.close())
  expect(await revisionDecidedUpon(ledger, one, origin)).toBe(noStream)
  await ledger.append(one, noStream, changes(3), "a")
  await ledger.append(stream("target-2"), noStream, changes(3), "b")
  for (const at of [2, 5]) expect(await revisionDecidedUpon(ledger, one, at as Position)).toBe(2)
  const error = await refusalOf(() => revisionDecidedUpon(ledger, one, 1 as Position))
  expect([error.code, error.message]).toStrictEqual([
    "RevisionConflict",
    "somebody else wrote to target-1 meanwhile; look again",
  ])
})
