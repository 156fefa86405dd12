/** A payload that is redacted is gone from the file, and every proof still holds. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import { type Position, origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { rootAt } from "#ledger/proof/prove.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { verify } from "#ledger/proof/verify.js"
import { changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { expect, it, onTestFinished } from "vitest"
import { refused } from "../ledger/fresh.js"

const secret = "correct-horse-battery-staple"
const told: NewEvent = {
  type: "DataRedacted",
  data: { positions: [3], mask: "[redacted]" },
  metadata: { ...metadata, reason: "it is a secret" },
  observedAt,
}
const left = { position: 3 as Position, data: { facet: "os", patch: [] } }

async function withSecret(): Promise<{ folder: string; ledger: Ledger }> {
  const folder = await tempFolder()
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"))
  onTestFinished(() => ledger.close())
  await ledger.append(stream("target-1"), noStream, [...changes(3), changed(secret), ...changes(300)], "a")
  return { folder, ledger }
}

const holds = (folder: string) =>
  fs.readdirSync(folder).filter((file) => fs.readFileSync(path.join(folder, file)).includes(secret))

export function redacting(): void {
  it("leaves nothing of it in any file, and says who did it and why", async () => {
    const { folder, ledger } = await withSecret()
    expect(holds(folder)).not.toStrictEqual([])
    expect(await ledger.redact([left], told, noStream)).toStrictEqual({ revision: 0, position: 304 })
    expect(holds(folder)).toStrictEqual([])
    const [event] = await ledger.readStream(stream("ledger"), { limit: 1 })
    expect(event).toMatchObject({ type: "DataRedacted", metadata: { reason: "it is a secret" } })
  })

  it("changes neither leaf nor root, also when it is redacted again", async () => {
    const { ledger } = await withSecret()
    const before = await rootAt(ledger, 304)
    await ledger.redact([left], told, noStream)
    await ledger.redact([{ ...left, data: { facet: "os", patch: [{ op: "add", path: "/os/a", value: 1 }] } }], told, 0)
    expect(await rootAt(ledger, 304)).toStrictEqual(before)
    const [, , , event] = await ledger.readStored({ after: origin, limit: 4 })
    expect(event?.data).toBe('{"facet":"os","patch":[{"op":"add","path":"/os/a","value":1}]}')
    const verdict = await verify(ledger, { checkpoints: [] }, () => {}, new AbortController().signal)
    expect(verdict).toMatchObject({ events: 306, redacted: 1, wrong: null })
  })

  it.each([
    ["where there is no event", 999 as Position, noStream, "NotFound", "there is no event at position 999"],
    ["when the account of it comes too late", 3 as Position, 4, "RevisionConflict", "ledger"],
  ])("takes nothing away %s", async (_, position, revision, code, says) => {
    const { ledger } = await withSecret()
    const error = await refused(ledger, () => ledger.redact([left, { ...left, position }], told, revision))
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
    const [, , , event] = await ledger.readStored({ after: origin, limit: 4 })
    expect(event?.data).toContain(secret)
  })
}
