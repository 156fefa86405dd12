/**
 * Archives: what is in one reads, proves and is redacted as before; nothing goes that is not proved; one that is missing, foreign or damaged is named, and only what
 * needs it fails.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import Database from "better-sqlite3"
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { systemClock } from "#kernel/clock.js"
import { type Position, origin } from "#kernel/point.js"
import type { BlockEvent } from "#ledger/archive/block.js"
import { Segment, writeSegment } from "#ledger/archive/segment.js"
import { lastReadable } from "#ledger/last-readable.js"
import type { Ledger } from "#ledger/port.js"
import { keyFolder } from "#ledger/proof/key.js"
import { inclusionProof, rootAt } from "#ledger/proof/prove.js"
import { provesInclusion } from "#ledger/proof/tree.js"
import { Sealer } from "#ledger/proof/seal.js"
import { verifyExport } from "#ledger/proof/verify-export.js"
import { verify } from "#ledger/proof/verify.js"
import { vouchedFor } from "#ledger/proof/vouched.js"
import { copySqliteLedger } from "#ledger/sqlite/backup.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { archiveIn, archivedLedger } from "#tests/support/archived-ledger.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changed, changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { type SealedLedger, eventCount, exported, sealedLedger, verdictOn } from "#tests/support/sealed-ledger.js"
import { run, tamper } from "#tests/support/tampering.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"

const size = 603

function opened({ file }: SealedLedger): Ledger {
  const ledger = openSqliteLedger(file)
  onTestFinished(() => ledger.close())
  return ledger
}

const stored = (ledger: Ledger) => ledger.readStored({ after: origin, upTo: (size - 1) as Position, limit: 10_000 })
const filesOf = ({ file }: SealedLedger) => fs.readdirSync(`${file}.archives`).sort()
const fileOf = (ledger: SealedLedger, first: number) =>
  path.join(`${ledger.file}.archives`, filesOf(ledger).find((name) => name.startsWith(`${first}-`)) as string)
const vouched = ({ key, kept }: SealedLedger) => ({ key, checkpoints: kept.map((note) => ({ where: "kept", note })) })

/** Writes what the ledger's triggers forbid, and leaves no trace of it. */
function changeUnseen({ file }: SealedLedger, statement: string): void {
  tamper(file, run(statement))
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

describe("archiving", () => {
  it("leaves every event, root and name as it was, and few bytes in the ledger's file", async () => {
    const ledger = await sealedLedger()
    const before = { events: await stored(opened(ledger)), root: await rootAt(opened(ledger), size) }
    expect(await archiveIn(ledger, 511)).toMatchObject({ events: 512, ranges: [{ first: 0, last: 511, isHere: true }] })
    expect(await stored(opened(ledger))).toStrictEqual(before.events)
    expect(await rootAt(opened(ledger), size)).toStrictEqual(before.root)
    const rows = new Database(ledger.file, { readonly: true })
    expect(rows.prepare("SELECT min(position) FROM events").pluck().get()).toBe(512)
    expect(rows.pragma("freelist_count", { simple: true })).toBe(0)
    rows.close()
  })

  it("says in the ledger who did it, what went and what it is proved by", async () => {
    const ledger = await archivedLedger()
    const told = await opened(ledger).readAll({ after: origin, types: ["RangeArchived"], limit: 9 })
    const [first, second] = await opened(ledger).archives.list()
    expect(told).toMatchObject([
      { metadata: { actor: "user:alice" }, data: { first: 0, last: 255, sha256: first?.sha256 } },
      { data: { first: 256, last: 511, root: Buffer.from(second?.root ?? []).toString("base64") } },
    ])
  })

  it("says from when to when its events are", async () => {
    const ledger = opened(await archivedLedger())
    for (const { first, last, from, to } of await ledger.archives.list())
      expect([from, to]).toStrictEqual([await ledger.timeOf(first), await ledger.timeOf(last)])
    expect(new Set((await ledger.archives.list()).map(({ to }) => to)).size).toBe(2)
  })

  it("tells at each of its steps how far it is, of as many events as are to go", async () => {
    const ledger = await sealedLedger()
    await archiveIn(ledger, 255)
    const told = new Set<string>()
    await archiveIn(ledger, 511, (done, total, what) => told.add(`${what}: ${done} of ${total}`))
    expect([...told]).toStrictEqual([
      "events written: 0 of 256",
      ...[0, 64, 128, 192, 256].map((done) => `events verified: ${done} of 256`),
      "events archived: 256 of 256",
      "events removed: 256 of 256",
      "space given back: 256 of 256",
    ])
  })

  it("lets everybody read all the while", async () => {
    const ledger = await sealedLedger()
    const reading = opened(ledger)
    const oldest = () => reading.readAt([0 as Position, 511 as Position])
    const before = await oldest()
    const meanwhile: ReturnType<typeof oldest>[] = []
    await archiveIn(ledger, 511, () => void meanwhile.push(oldest()))
    for (const read of meanwhile) expect(await read).toStrictEqual(before)
  })

  it("keeps what is in archives from everybody but who runs it", async () => {
    const ledger = await archivedLedger()
    const modeOf = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)
    expect([`${ledger.file}.archives`, fileOf(ledger, 0)].map(modeOf)).toStrictEqual(["700", "600"])
    const { archives } = opened(ledger)
    const elsewhere = path.join(await tempFolder(), "new")
    const { file } = await archives.detach(0 as Position, elsewhere)
    const moved = path.join(elsewhere, path.basename(file))
    expect([elsewhere, moved].map(modeOf)).toStrictEqual(["700", "600"])
    fs.chmodSync(moved, 0o644)
    expect(modeOf((await archives.attach(moved)).file)).toBe("600")
  })

  it("leaves a ledger that is verified whole, and exports that prove themselves", async () => {
    const ledger = await archivedLedger()
    const note = ledger.kept.at(-1) ?? ""
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({
      wrong: null,
      unread: [],
      events: eventCount + 2,
      checkpoints: 8,
    })
    const lines = await exported(ledger.file, note)
    expect((await verifyExport(each(lines), ledger.key.text, note)).ok).toBe(true)
    const reading = opened(ledger)
    const [leaf] = await reading.nodes([{ level: 0, index: 77 }])
    const proof = await inclusionProof(reading, 77 as Position, size)
    expect(provesInclusion(leaf as Uint8Array, 77, size, proof, await rootAt(reading, size))).toBe(true)
  })

  it("is heard of at once by who follows", async () => {
    const sealed = await sealedLedger()
    const ledger = opened(sealed)
    const left = new AbortController()
    onTestFinished(() => left.abort())
    const heard: string[] = []
    const following = (async () => {
      const { position } = await ledger.head()
      for await (const events of ledger.subscribe(position, left.signal)) {
        heard.push(...events.map(({ type }) => type))
        left.abort()
      }
    })()
    const request = {
      upTo: 255 as Position,
      note: sealed.kept.at(-1) ?? "",
      key: sealed.key,
      metadata: { actor: "user:alice" },
    }
    await ledger.archives.create(request, { progress: () => {}, signal: new AbortController().signal })
    await following
    expect(heard).toEqual(["RangeArchived"])
  })

  it("archives nothing that a checkpoint does not vouch for, and nothing that was changed", async () => {
    const [ledger, theirs] = [await sealedLedger(), await sealedLedger("theirs")]
    const forged = { ...ledger, kept: theirs.kept, key: theirs.key }
    expect((await refusalOf(() => archiveIn(forged, 511))).code).toBe("LedgerForked")
    expect((await refusalOf(() => archiveIn({ ...ledger, key: theirs.key }, 511))).code).toBe("LedgerForked")
    changeUnseen(ledger, "UPDATE events SET data = '{}' WHERE position = 200")
    expect((await refusalOf(() => archiveIn(ledger, 511))).message).toMatch(/positions 0 to 511 are not what/)
    expect(filesOf(ledger)).toStrictEqual([])
    expect(await opened(ledger).archives.list()).toStrictEqual([])
  })

  it.each([
    ["stream", "stream_no = (SELECT no FROM streams WHERE name = 'ledger')"],
    ["revision", "revision = 9000"],
    ["type", "type_no = 3 - type_no"],
    ["time", "recorded_at = recorded_at + 1"],
  ])("archives nothing that would not be found by the %s that its envelope says", async (_, change) => {
    const ledger = await sealedLedger()
    changeUnseen(ledger, `UPDATE events SET ${change} WHERE position = 200`)
    const { code, message } = await refusalOf(() => archiveIn(ledger, 511))
    expect([code, message]).toStrictEqual([
      "StoreDamaged",
      expect.stringMatching(/the event at position 200 is not found/),
    ])
    expect(filesOf(ledger)).toStrictEqual([])
  })

  it("archives no stream that has a gap", async () => {
    const ledger = await sealedLedger()
    const ofStream = await opened(ledger).readStream(stream("target-a"), { limit: 1_000 })
    const { position, revision } = ofStream.findLast((event) => event.position < 512) as RecordedEvent
    changeUnseen(
      ledger,
      `UPDATE events SET revision = 9999, head = replace(head, '"revision":${revision},', '"revision":9999,') WHERE position = ${position}`,
    )
    expect((await refusalOf(() => archiveIn(ledger, 511))).message).toBe(
      `the event at position ${position} is not the next of its stream`,
    )
    expect(filesOf(ledger)).toStrictEqual([])
  })

  it("gives space back from a file of before that could be done in parts", async () => {
    const ledger = await sealedLedger()
    const db = new Database(ledger.file)
    db.pragma("auto_vacuum = NONE")
    db.exec("VACUUM")
    expect(db.pragma("auto_vacuum", { simple: true })).toBe(0)
    db.close()
    const before = { events: await stored(opened(ledger)), bytes: fs.statSync(ledger.file).size }
    await archiveIn(ledger, 511)
    expect(await stored(opened(ledger))).toStrictEqual(before.events)
    const rows = new Database(ledger.file, { readonly: true })
    expect(rows.pragma("freelist_count", { simple: true })).toBe(0)
    rows.close()
    expect(fs.statSync(ledger.file).size).toBeLessThan(before.bytes)
  })

  it("lets rows go below the watermark only, which moves forward only", async () => {
    const { file } = await archivedLedger()
    const db = new Database(file)
    onTestFinished(() => void db.close())
    const archive = (first: number, last: number) =>
      `INSERT INTO archives SELECT ${first}, ${last}, root, first_at, last_at, 0, 1, sha256, NULL, times, steps FROM archives WHERE first = 0`
    for (const attempt of [
      "DELETE FROM events WHERE position = 512",
      "DELETE FROM archives",
      "UPDATE archives SET last = 599 WHERE first = 256",
      "UPDATE archives SET generation = -1",
      "UPDATE archived_ends SET revision = 0",
      archive(513, 520),
      archive(0, 600),
      archive(512, 10_000),
    ]) {
      expect(() => db.exec(attempt)).toThrow(/append-only/)
    }
  })
})

describe("an archive", () => {
  it("is moved elsewhere and put back; meanwhile only what needs its events fails, and says where they are", async () => {
    const ledger = await archivedLedger()
    const elsewhere = await tempFolder()
    const reading = opened(ledger)
    const all = await stored(reading)
    const moved = await reading.archives.detach(0 as Position, elsewhere)
    expect(moved).toMatchObject({ isHere: false, movedTo: elsewhere })
    for (const query of [
      () => reading.readAt([7 as Position]),
      () => reading.readAll({ after: origin, limit: 1 }),
      () => reading.readStream(stream("target-a"), { limit: 1 }),
      () => reading.append(stream("target-a"), -1, changes(1), "0/0"),
    ]) {
      const error = await refusalOf(query)
      expect(error).toMatchObject({ code: "ArchiveUnavailable", details: { is: "missing", first: 0, last: 255 } })
      expect(error.message).toContain(`positions 0 to 255 are in an archive that was moved to ${elsewhere}`)
    }
    expect(await reading.readAt([256 as Position])).toHaveLength(1)
    expect(await reading.timeOf(7 as Position)).toBe(all[7]?.indexed.recordedAt)
    expect(await reading.positionAt(all[0]?.indexed.recordedAt as never)).toBe(149)
    const revision = await reading.revisionOf(stream("target-a"))
    expect((await reading.append(stream("target-a"), revision, changes(1), "later")).revision).toBe(revision + 1)
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({
      wrong: null,
      unread: [{ first: 0, last: 255 }],
    })
    const back = path.join(elsewhere, path.basename(moved.file))
    expect(await reading.archives.attach(back)).toMatchObject({ isHere: true, movedTo: null })
    expect(await stored(reading)).toStrictEqual(all)
  })

  it("is named by where it begins, and its file by what is wrong with it", async () => {
    const [ledger, none] = [await archivedLedger(), await sealedLedger()]
    const { archives } = opened(ledger)
    const elsewhere = await tempFolder()
    const unknown = await refusalOf(() => archives.detach(7 as Position, elsewhere))
    expect([unknown.code, unknown.message]).toStrictEqual([
      "NotFound",
      "no archive begins at position 7; they begin at 0, 256",
    ])
    expect((await refusalOf(() => opened(none).archives.detach(0 as Position, elsewhere))).message).toMatch(
      /there is none$/,
    )
    const attached = async (file: string) => {
      const { code, message } = await refusalOf(() => archives.attach(file))
      return [code, message.replace(file, "")]
    }
    expect(await attached(path.join(elsewhere, "none"))).toStrictEqual(["InvalidInput", " cannot be opened"])
    fs.writeFileSync(path.join(elsewhere, "text"), "text")
    expect(await attached(path.join(elsewhere, "text"))).toStrictEqual(["InvalidInput", " is no archive, or damaged"])
    const inTheWay = await refusalOf(() => archives.detach(0 as Position, path.join(elsewhere, "text")))
    expect(inTheWay).toMatchObject({ code: "StoreUnavailable", message: expect.stringContaining("cannot be kept") })
    expect(await archives.list()).toMatchObject([{ isHere: true }, { isHere: true }])
  })

  it("is not moved to where it is, by whatever name, which would be to lose it", async () => {
    const ledger = await archivedLedger()
    const { archives } = opened(ledger)
    const folder = `${ledger.file}.archives`
    const link = path.join(await tempFolder(), "link")
    fs.symlinkSync(folder, link)
    for (const to of [folder, `${folder}/.`, link]) {
      const { code, message } = await refusalOf(() => archives.detach(0 as Position, to))
      expect([code, message]).toStrictEqual(["InvalidInput", `the archive is in ${to} already`])
    }
    expect(await archives.list()).toMatchObject([{ isHere: true, movedTo: null }, { isHere: true }])
    expect(filesOf(ledger)).toStrictEqual(["0-255.0.fla", "256-511.0.fla"])
  })

  it("is moved in the place of what has its name", async () => {
    const ledger = await archivedLedger()
    const elsewhere = await tempFolder()
    const [from, to] = [fileOf(ledger, 0), path.join(elsewhere, path.basename(fileOf(ledger, 0)))]
    const bytes = fs.readFileSync(from)
    fs.writeFileSync(to, bytes.subarray(0, 100))
    await opened(ledger).archives.detach(0 as Position, elsewhere)
    expect([fs.existsSync(from), fs.readFileSync(to).equals(bytes)]).toStrictEqual([false, true])
  })

  it("that is larger than what is kept of it in memory is read as often as one likes", async () => {
    const folder = await tempFolder()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"))
    onTestFinished(() => ledger.close())
    const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), systemClock)
    const large = Array.from({ length: 12 }, (_, i) => changed(`${i}`.padEnd(80_000, "x")))
    for (let turn = 0; turn < 12; turn++) await ledger.append(stream("target-a"), turn * 12 - 1, large, `${turn}`)
    for (let i = 0; i < 120; i++) await ledger.append(stream("target-b"), i - 1, changes(1), `${i}`)
    const { note } = await sealer.seal()
    const before = await ledger.readAll({ after: origin, limit: 144 })
    const request = { upTo: 255 as Position, note, key: await sealer.signer(), metadata: { actor: "user:alice" } }
    await ledger.archives.create(request, { progress: () => {}, signal: new AbortController().signal })
    for (const _ of ["once", "again"]) {
      for (let at = 0; at < 144; at += 36)
        expect(await ledger.readAll({ after: (at - 1) as Position, limit: 36 })).toStrictEqual(
          before.slice(at, at + 36),
        )
    }
  })

  it("whose events say otherwise than what was archived is not redacted", async () => {
    const ledger = await archivedLedger()
    const file = fileOf(ledger, 256)
    const segment = new Segment(file, { first: 256, last: 511 })
    const [one, ...rest] = [...segment] as [BlockEvent, ...BlockEvent[]]
    segment.close()
    await writeSegment(file, segment.range, [{ ...one, data: "{}" }, ...rest])
    const told: NewEvent = { type: "DataRedacted", data: { positions: [300], mask: "x" }, metadata, observedAt }
    const left = [{ position: 300 as Position, data: { facet: "os", patch: [] } }]
    const open = opened(ledger)
    const revision = await open.revisionOf(stream("ledger"))
    const error = await refusalOf(() => open.redact(left, told, revision))
    expect([error.code, error.message]).toStrictEqual([
      "StoreDamaged",
      "the archive of positions 256 to 511 is not what was archived: it cannot be redacted",
    ])
    expect(filesOf(ledger)).toHaveLength(2)
    expect(await open.revisionOf(stream("ledger"))).toBe(revision)
  })

  it("with a change of the key in it says which key was first only while it is there", async () => {
    const folder = await tempFolder()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"))
    onTestFinished(() => ledger.close())
    const keys = keyFolder(path.join(folder, "keys"))
    const sealer = new Sealer(ledger, keys, systemClock)
    await ledger.append(stream("target-a"), -1, changes(5), "a")
    expect((await vouchedFor({ ledger, sealer, keys })).key?.text).toBe((await sealer.signer()).text)
    await sealer.rotate()
    await ledger.append(stream("target-a"), 4, changes(300), "b")
    const { note } = await sealer.seal()
    const request = { upTo: 255 as Position, note, key: await sealer.signer(), metadata: { actor: "user:alice" } }
    await ledger.archives.create(request, { progress: () => {}, signal: new AbortController().signal })
    await ledger.archives.detach(0 as Position, await tempFolder())
    const known = await vouchedFor({ ledger, sealer, keys })
    expect(known.key).toBeUndefined()
    expect(await verify(ledger, known, () => {}, new AbortController().signal)).toMatchObject({
      wrong: null,
      unread: [{ first: 0, last: 255 }],
    })
    await ledger.close()
    await expect(lastReadable(ledger, stream("target-a"))).rejects.toThrow("closed")
  })

  it("that goes away, or is replaced, while it is read is named as well", async () => {
    const ledger = await archivedLedger()
    const open = opened(ledger)
    await stored(open)
    const [first, second] = [fileOf(ledger, 0), fileOf(ledger, 256)]
    fs.renameSync(first, `${first}.away`)
    expect(await refusalOf(() => stored(open))).toMatchObject({
      code: "ArchiveUnavailable",
      details: { is: "missing" },
    })
    fs.copyFileSync(second, first)
    expect(await refusalOf(() => stored(open))).toMatchObject({
      code: "ArchiveUnavailable",
      details: { is: "foreign" },
    })
    fs.renameSync(`${first}.away`, first)
    expect(await stored(open)).toHaveLength(size)
  })

  it("that is not there at all is named with its file, and the rest is verified by its root", async () => {
    const ledger = await archivedLedger()
    const file = fileOf(ledger, 256)
    fs.rmSync(file)
    const { unread, wrong } = await verdictOn(ledger.file, vouched(ledger))
    expect(wrong).toBeNull()
    expect(unread).toMatchObject([{ first: 256, last: 511, message: expect.stringContaining(file) }])
  })

  it("whose root in the ledger was changed does not pass for one that is missing", async () => {
    const ledger = await archivedLedger()
    fs.rmSync(fileOf(ledger, 256))
    const db = new Database(ledger.file)
    const { sql } = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'subtrees_are_never_changed'").get() as {
      sql: string
    }
    db.exec(
      "DROP TRIGGER subtrees_are_never_changed; UPDATE subtrees SET hash = zeroblob(32) WHERE level = 8 AND no = 1",
    )
    db.exec(sql)
    db.close()
    expect((await verdictOn(ledger.file, vouched(ledger))).wrong?.message).toMatch(
      /vouches for \d+ events that are not/,
    )
  })

  it.each([
    ["cut off", (bytes: Buffer) => bytes.subarray(0, -40)],
    ["empty", () => Buffer.alloc(0)],
    ["changed in its middle", (bytes: Buffer) => bytes.fill(bytes[500]! ^ 1, 500, 501)],
  ])("that is %s is named as damaged, and verifying names it", async (_, damage) => {
    const ledger = await archivedLedger()
    const file = fileOf(ledger, 256)
    fs.writeFileSync(file, damage(fs.readFileSync(file)))
    const error = await refusalOf(() => opened(ledger).readAt([300 as Position]))
    expect(error).toMatchObject({ code: "ArchiveUnavailable", details: { is: "damaged", file } })
    expect(await opened(ledger).readAt([3 as Position])).toHaveLength(1)
    expect((await verdictOn(ledger.file, vouched(ledger))).wrong).toMatchObject({
      position: 256,
      message: expect.stringContaining("damaged"),
    })
  })

  it("whose events would not be found any more is wrong where the first of them is", async () => {
    const ledger = await archivedLedger()
    changeUnseen(ledger, "DELETE FROM archived_streams WHERE archive = 0 AND stream_no = 2")
    const [first] = await opened(ledger).readStream(stream("target-b"), { limit: 1 })
    expect(first?.position).toBeGreaterThan(255)
    expect((await verdictOn(ledger.file, vouched(ledger))).wrong).toMatchObject({
      position: 5,
      message: expect.stringContaining("is not found by what its envelope says"),
    })
  })

  it("of another ledger, or of another range, is named as foreign and not taken", async () => {
    const [ledger, theirs] = [await archivedLedger(), await archivedLedger("theirs")]
    const refusal = await refusalOf(() => opened(ledger).archives.attach(fileOf(theirs, 0)))
    expect(refusal).toMatchObject({
      code: "InvalidInput",
      message: expect.stringContaining("no archive of this ledger"),
    })
    for (const other of [fileOf(theirs, 0), fileOf(ledger, 256)]) {
      fs.copyFileSync(other, fileOf(ledger, 0))
      const error = await refusalOf(() => opened(ledger).readAt([3 as Position]))
      expect(error).toMatchObject({ code: "ArchiveUnavailable", details: { is: "foreign", first: 0 } })
    }
  })
})

describe("a redaction", () => {
  const text = "1/3/2"
  const told: NewEvent = { type: "DataRedacted", data: { positions: [170], mask: "[redacted]" }, metadata, observedAt }

  async function redacted(): Promise<SealedLedger> {
    const ledger = await archivedLedger()
    const writing = opened(ledger)
    const [event] = await writing.readStored({ after: 169 as Position, limit: 1 })
    const data = JSON.parse((event?.data ?? "").replace("/", "-"))
    await writing.redact([{ position: 170 as Position, data }], told, await writing.revisionOf(stream("ledger")))
    return ledger
  }

  it("reaches archives: the file is another one, every proof holds, and one from before is not taken back", async () => {
    const ledger = await archivedLedger()
    const copy = path.join(await tempFolder(), "before.fla")
    fs.copyFileSync(fileOf(ledger, 0), copy)
    const writing = opened(ledger)
    const [event] = await writing.readStored({ after: 169 as Position, limit: 1 })
    const data = { masked: true }
    await writing.redact([{ position: 170 as Position, data }], told, await writing.revisionOf(stream("ledger")))
    const [after] = await writing.readStored({ after: 169 as Position, limit: 1 })
    expect(after).toMatchObject({ head: event?.head, leaf: event?.leaf, data: '{"masked":true}' })
    expect(after?.seal).toHaveProperty("dataHash")
    expect(filesOf(ledger)).toStrictEqual(["0-255.1.fla", "256-511.0.fla"])
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({ wrong: null, redacted: 1 })
    expect((await refusalOf(() => writing.archives.attach(copy))).message).toMatch(/from before a redaction/)
  })

  it("reaches the last event that is in one", async () => {
    const writing = opened(await archivedLedger())
    const left = { position: 511 as Position, data: { masked: true } }
    await writing.redact([left], told, await writing.revisionOf(stream("ledger")))
    expect(await writing.readStored({ after: 510 as Position, limit: 1 })).toMatchObject([{ data: '{"masked":true}' }])
  })

  it("is finished when the ledger is opened, wherever it was interrupted behind what it says", async () => {
    const ledger = await redacted()
    const [before, now] = ["0-255.0.fla", "0-255.1.fla"].map((name) => path.join(`${ledger.file}.archives`, name))
    fs.copyFileSync(now as string, before as string)
    fs.renameSync(now as string, `${now}.partial`)
    await opened(ledger).close()
    expect(filesOf(ledger)).toStrictEqual(["0-255.1.fla", "256-511.0.fla"])
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({ wrong: null, redacted: 1, unread: [] })
  })

  it("and whatever else was interrupted leaves nothing half written, and touches no file of another range", async () => {
    const ledger = await redacted()
    const at = (name: string) => path.join(`${ledger.file}.archives`, name)
    // The ledger counts on it, and the process ended before it had its name.
    fs.renameSync(at("256-511.0.fla"), at("256-511.0.fla.partial"))
    const gone = ["0-255.0.fla", "0-255.2.fla.partial", "256-511.1.fla.partial", "512-600.0.fla.partial"]
    const others = ["0-127.0.fla", "128-255.0.fla", "512-600.0.fla", "0-255.0.fla.copying", "a 0-255.0.fla"]
    for (const name of [...gone, ...others]) fs.copyFileSync(at("0-255.1.fla"), at(name))
    await opened(ledger).close()
    expect(filesOf(ledger)).toStrictEqual(["0-255.1.fla", "256-511.0.fla", ...others].sort())
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({ wrong: null, redacted: 1, unread: [] })
  })

  it("is refused where an archive that may hold the text is elsewhere", async () => {
    const ledger = await archivedLedger()
    const writing = opened(ledger)
    await writing.archives.detach(0 as Position, await tempFolder())
    const data = { masked: text }
    const redacting = writing.redact(
      [{ position: 170 as Position, data }],
      told,
      await writing.revisionOf(stream("ledger")),
    )
    expect((await refusalOf(() => redacting)).message).toMatch(/positions 0 to 255/)
  })
})

describe("archiving that is interrupted", () => {
  const steps = ["events written", "events verified", "events archived", "events removed", "space given back"]

  async function isAsBefore(ledger: SealedLedger, before: Awaited<ReturnType<typeof stored>>): Promise<void> {
    expect(await stored(opened(ledger))).toStrictEqual(before)
    expect(await verdictOn(ledger.file, vouched(ledger))).toMatchObject({ wrong: null, unread: [] })
    await archiveIn(ledger, 511)
    expect(await stored(opened(ledger))).toStrictEqual(before)
    expect(filesOf(ledger)).toStrictEqual(["0-511.0.fla"])
    const db = new Database(ledger.file, { readonly: true })
    expect(db.prepare("SELECT count(*) FROM events WHERE position < 512").pluck().get()).toBe(0)
    db.close()
  }

  it.each(steps)("by an error at: %s, loses nothing and goes on", async (step) => {
    const ledger = await sealedLedger()
    const before = await stored(opened(ledger))
    const failing = archiveIn(ledger, 511, (_done, _total, what) => {
      if (what === step) throw new Error("stop")
    })
    await expect(failing).rejects.toThrow("stop")
    await isAsBefore(ledger, before)
  })

  it.each([
    ["events written", 0],
    ["events verified", 0],
    ["events archived", 1],
  ])("by who cancels it at: %s, says so and keeps what is archived by then", async (step, archives) => {
    const ledger = await sealedLedger()
    const writing = opened(ledger)
    const before = await stored(writing)
    const left = new AbortController()
    const request = {
      upTo: 511 as Position,
      note: ledger.kept.at(-1) ?? "",
      key: ledger.key,
      metadata: { actor: "user:alice" },
    }
    const progress = (_done: number, _total: number, what: string) => {
      if (what === step) left.abort()
    }
    const error = await refusalOf(() => writing.archives.create(request, { progress, signal: left.signal }))
    expect([error.code, error.message]).toStrictEqual([
      "Cancelled",
      "archiving was cancelled; what is archived stays so",
    ])
    expect(await writing.archives.list()).toHaveLength(archives)
    expect(await stored(writing)).toStrictEqual(before)
    expect(filesOf(ledger)).toHaveLength(archives)
    const rest = await writing.archives.create(request, { progress: () => {}, signal: new AbortController().signal })
    expect(rest.events).toBe(archives === 0 ? 512 : 0)
    expect(await stored(writing)).toStrictEqual(before)
    expect(filesOf(ledger)).toStrictEqual(["0-511.0.fla"])
  })

  it.each(steps)("by kill -9 at: %s, loses nothing and goes on", async (step) => {
    const ledger = await sealedLedger()
    const before = await stored(opened(ledger))
    const args = [
      path.resolve("tests/support/archive-and-die.js"),
      ledger.file,
      ledger.key.text,
      ledger.kept.at(-1) ?? "",
      step,
    ]
    expect(spawnSync(process.execPath, args, { encoding: "utf8" })).toMatchObject({ signal: "SIGKILL", stderr: "" })
    await isAsBefore(ledger, before)
  })
})

describe("a backup of a ledger with archives", () => {
  it("is there with all of them, or not at all", async () => {
    const ledger = await archivedLedger()
    const to = path.join(await tempFolder(), "backup.db")
    fs.writeFileSync(`${to}.archives`, "in the way")
    const error = await refusalOf(async () => copySqliteLedger(ledger.file, to))
    expect(error).toMatchObject({
      code: "StoreUnavailable",
      message: expect.stringContaining(`the archives of the copy ${to} cannot be written`),
    })
    expect(fs.readdirSync(path.dirname(to))).toStrictEqual([])
    copySqliteLedger(ledger.file, to)
    expect(await stored(opened({ ...ledger, file: to }))).toStrictEqual(await stored(opened(ledger)))
  })

  it("is without those that are nowhere", async () => {
    const ledger = await archivedLedger()
    fs.rmSync(fileOf(ledger, 0))
    const to = path.join(await tempFolder(), "backup.db")
    copySqliteLedger(ledger.file, to)
    expect(await opened({ ...ledger, file: to }).archives.list()).toMatchObject([{ isHere: false }, { isHere: true }])
  })

  it("is none of what is no ledger", async () => {
    const folder = await tempFolder()
    const [from, to] = ["other.db", "backup.db"].map((name) => path.join(folder, name)) as [string, string]
    const db = new Database(from)
    db.exec("CREATE TABLE t (a)")
    db.close()
    expect(() => copySqliteLedger(from, to)).toThrow("no such table: archives")
    expect(() => copySqliteLedger(`${from}.away`, to)).toThrow(`there is no ledger at ${from}.away`)
    expect(fs.existsSync(to)).toBe(false)
  })
})
