/** A long payload takes less room than its text, which is what is read, hashed and proved. */
import Database from "better-sqlite3"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { type Position, origin } from "#kernel/point.js"
import { sealedLeaf } from "#ledger/leaf.js"
import { noStream } from "#ledger/port.js"
import { rootAt } from "#ledger/proof/prove.js"
import { verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { ledgerStore } from "#ledger/sqlite/schema.js"
import { openStore } from "#sqlite/open.js"
import { changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { expect, it, onTestFinished } from "vitest"

const long = "ü ✓ of the same words again and again, ".repeat(60)
const forever = new AbortController().signal
const head = 5 as Position

async function fileWithLong(): Promise<string> {
  const file = path.join(await tempFolder(), "ledger.db")
  const ledger = openSqliteLedger(file)
  await ledger.append(stream("target-1"), noStream, [...changes(3), changed(long), ...changes(2)], "a")
  await ledger.close()
  return file
}

function opened(file: string) {
  const ledger = openSqliteLedger(file)
  onTestFinished(() => ledger.close())
  return ledger
}

/** What the row of the long payload has of it. */
function rowIn(file: string): { readonly data: string; readonly packed: Buffer } {
  const db = new Database(file, { readonly: true })
  const row = db.prepare("SELECT data, packed FROM events WHERE position = 3").get()
  db.close()
  return row as { readonly data: string; readonly packed: Buffer }
}

function changeRow(file: string, set: string, ...values: unknown[]): void {
  const db = new Database(file)
  const trigger = "events_are_never_changed"
  const declared = db.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE name = ?").pluck().get(trigger)
  db.exec(`DROP TRIGGER ${trigger}`)
  db.prepare(`UPDATE events SET ${set} WHERE position = 3`).run(...values)
  db.exec(String(declared))
  db.close()
}

async function wrongIn(file: string): Promise<number | null | undefined> {
  const ledger = openSqliteLedger(file)
  const { wrong } = await verify(ledger, { checkpoints: [] }, () => {}, forever)
  await ledger.close()
  return wrong?.position
}

export function longPayloads(): void {
  it("are packed, and come back as they were, with their leaves", async () => {
    const file = await fileWithLong()
    const { data, packed } = rowIn(file)
    expect([data, packed.length < long.length / 4]).toStrictEqual(["", true])
    const ledger = opened(file)
    const [event] = await ledger.readAt([3 as Position])
    expect(event).toMatchObject({ data: changed(long).data })
    for (const { head: text, data: payload, seal, leaf } of await ledger.readStored({ after: origin, limit: 10 }))
      expect(sealedLeaf(text, payload, seal)).toStrictEqual(Buffer.from(leaf))
  })

  it("are found wrong whichever of their bytes is another, and whatever stands beside them", async () => {
    const file = await fileWithLong()
    const { packed } = rowIn(file)
    expect(await wrongIn(file)).toBeUndefined()
    for (let at = 0; at < packed.length; at += 5) {
      const other = Buffer.from(packed)
      other.writeUInt8(other.readUInt8(at) ^ 0x10, at)
      // Of a few bits the text does not depend.
      const same = textOf(other) === textOf(packed)
      fs.copyFileSync(file, `${file}.other`)
      changeRow(`${file}.other`, "packed = ?", other)
      expect([at, (await wrongIn(`${file}.other`)) === (same ? undefined : 3)]).toStrictEqual([at, true])
    }
    changeRow(file, "data = '{}'")
    expect(await wrongIn(file)).toBe(3)
  })

  it("are unpacked no further than any payload goes", async () => {
    const file = await fileWithLong()
    changeRow(file, "packed = ?", zlib.brotliCompressSync(`{"facet":"${"o".repeat(17 * 1_048_576)}"}`))
    const [stored] = await opened(file).readStored({ after: 2 as Position, limit: 1 })
    expect(stored).toMatchObject({ position: 3, data: "" })
    expect(await wrongIn(file)).toBe(3)
  })

  it("leave nothing of what was redacted, and the root as it was", async () => {
    const file = await fileWithLong()
    const ledger = opened(file)
    const before = await rootAt(ledger, head + 1)
    const left = `${long.slice(0, 600)}[redacted]`
    const told = {
      type: "DataRedacted" as const,
      data: { positions: [3], mask: "[redacted]" },
      metadata: { ...metadata, reason: "it is a secret" },
      observedAt,
    }
    await ledger.redact([{ position: 3 as Position, data: changed(left).data as never }], told, noStream)
    expect(textOf(rowIn(file).packed)).toContain("[redacted]")
    expect(await ledger.readAt([3 as Position])).toMatchObject([{ data: changed(left).data }])
    expect(await rootAt(ledger, head + 1)).toStrictEqual(before)
  })

  it("are texts in a file from before there were such, which opens, reads and goes on as ever", async () => {
    const file = await fileWithLong()
    const root = await rootAt(opened(file), head + 1)
    const old = `${file}.old`
    openStore(old, { ...ledgerStore, migrations: ledgerStore.migrations.slice(0, 2) }).close()
    const db = new Database(old)
    db.function("text", (packed) => textOf(packed as Buffer))
    db.prepare("ATTACH ? AS now").run(file)
    const columns = "position, stream_no, revision, type_no, recorded_at, head"
    db.exec(`INSERT INTO streams SELECT * FROM now.streams; INSERT INTO types SELECT * FROM now.types;
      INSERT INTO events (${columns}, data, salt, leaf)
        SELECT ${columns}, CASE WHEN packed IS NULL THEN data ELSE text(packed) END, salt, leaf FROM now.events`)
    db.close()
    const ledger = opened(old)
    expect(await ledger.readAll({ after: origin, limit: 10 })).toStrictEqual(
      await opened(file).readAll({ after: origin, limit: 10 }),
    )
    expect(await rootAt(ledger, head + 1)).toStrictEqual(root)
    await ledger.append(stream("target-1"), head, [changed(long)], "b")
    expect(await ledger.readAt([(head + 1) as Position])).toMatchObject([{ data: changed(long).data }])
    expect(await verify(ledger, { checkpoints: [] }, () => {}, forever)).toMatchObject({
      events: head + 2,
      wrong: null,
    })
  })

  it("of whatever text are read as it was", async () => {
    const ledger = opened(path.join(await tempFolder(), "ledger.db"))
    let revision = noStream
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 100, maxLength: 900 }), async (text) => {
        const { position } = await ledger.append(stream("target-1"), revision++, [changed(text)], "a")
        expect(await ledger.readAt([position])).toMatchObject([{ data: changed(text).data }])
      }),
      { numRuns: 50 },
    )
  })
}

function textOf(packed: Buffer): string | undefined {
  try {
    return zlib.brotliDecompressSync(packed).toString("utf8")
  } catch {
    return undefined
  }
}
