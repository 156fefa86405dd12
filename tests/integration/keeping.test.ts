/** Keeping a ledger safe: backups, putting one back, exports taken over. Whatever is refused leaves everything as it was. */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { exportLines } from "#ledger/proof/export.js"
import { keyFolder } from "#ledger/proof/key.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { rootAt } from "#ledger/proof/prove.js"
import { verifyExport } from "#ledger/proof/verify-export.js"
import { verify } from "#ledger/proof/verify.js"
import { configIn, nameOf, open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { backup, importExport, restore } from "../../src/keeping.js"

const watching = { progress: () => {}, signal: new AbortController().signal }
const told = { actor: "user:alice", reason: "the disk failed" }

async function standing(count = 20) {
  const folder = await tempFolder()
  const fleet = await open(folder)
  await populate(fleet, count)
  const { note } = await fleet.sealing.now()
  return { folder, fleet, note, config: configIn(folder), file: path.join(folder, "backup.db") }
}

async function isSound(ledger: Ledger, key: string, note?: string): Promise<unknown> {
  const checkpoints = note === undefined ? [] : [{ where: "kept", note }]
  return (await verify(ledger, { key: parseVerifierKey(key), checkpoints }, () => {}, watching.signal)).wrong
}

/** What an auditor is told who has this checkpoint. */
async function offline({ ledger, sealing, sealer }: Awaited<ReturnType<typeof open>>, kept = "") {
  const { note } = await sealing.now()
  const to = parseCheckpoint(note).checkpoint.size - 1
  async function* lines() {
    for await (const line of exportLines(ledger, { from: 0, to, note }, watching.signal)) yield JSON.stringify(line)
  }
  return verifyExport(lines(), (await sealer.signer()).text, kept)
}

const keyOf = async ({ sealer }: Awaited<ReturnType<typeof open>>) => (await sealer.signer()).text

describe("a backup", () => {
  it("is a whole ledger, made while events are appended", async () => {
    const { fleet, config, file } = await standing()
    const [{ events }] = await Promise.all([backup(config, file, watching), populate(fleet, 200, 100)])
    expect(events).toBeGreaterThanOrEqual(42)
    expect(fs.statSync(file).mode & 0o077).toBe(0)
  })

  it("never replaces a file that is there", async () => {
    const { config, file } = await standing(1)
    fs.writeFileSync(file, "mine")
    expect((await refusalOf(() => backup(config, file, watching))).message).toMatch(/backup\.db/)
    expect(fs.readFileSync(file, "utf8")).toBe("mine")
  })

  it("is refused where there is no ledger", async () => {
    const folder = await tempFolder()
    expect((await refusalOf(() => backup(configIn(folder), path.join(folder, "b.db"), watching))).code).toBe("NotFound")
  })
})

describe("a restore", () => {
  it("goes on from the backup, says signed what is lost, and keeps what was there", async () => {
    const { folder, fleet, config, file } = await standing()
    const { events: kept } = await backup(config, file, watching)
    await populate(fleet, 10, 50)
    const { note: lost } = await fleet.sealing.now()
    await fleet.close()
    const signed = (await lastSize(config.data)) as number
    const restored = await restore(config, file, told, watching)
    expect(restored).toMatchObject({ events: kept + 2, lost: signed - kept })
    expect(fs.readFileSync(path.join(config.data, "checkpoints", "latest.note"), "utf8")).toContain(`\n${kept + 1}\n`)
    expect(fs.existsSync(restored.before as string)).toBe(true)
    const again = await open(folder)
    const [event] = await again.ledger.readAll({ after: origin, types: ["LedgerRestored"], limit: 9 })
    expect(event).toMatchObject({ data: { kept, lost: signed }, metadata: told, position: kept })
    // What is signed from then on is of sizes that were signed before, of what is lost.
    for (const from of [70, 71]) {
      const newest = keyFolder(config.keys).lastSigned(await again.sealer.origin())
      expect(await isSound(again.ledger, await keyOf(again), newest)).toBeNull()
      expect(await offline(again, newest)).toMatchObject({ ok: true })
      await populate(again, 1, from)
      await again.sealing.now()
    }
    const why = `of which those from position ${kept} on are lost: `
    expect(await isSound(again.ledger, await keyOf(again), lost)).toMatchObject({
      message: expect.stringContaining(`${why}the restore at position ${kept} says so`),
    })
    expect(await offline(again, lost)).toMatchObject({ ok: false, message: expect.stringContaining(why) })
  })

  it("shows what the backup holds and no more, though the ledger has grown past the views since", async () => {
    const { folder, fleet, config, file } = await standing(3)
    await backup(config, file, watching)
    await populate(fleet, 1, 50)
    await fleet.close()
    await restore(config, file, told, watching)
    const again = await open(folder)
    const head = await populate(again, 5, 60)
    const shown = await again.views.entities.page({ kind: "target", at: head, limit: 100 })
    expect(shown.map(({ name }) => name)).toStrictEqual([0, 1, 2, 60, 61, 62, 63, 64].map(nameOf).sort())
  })

  it("says nothing of a loss where nothing that was signed is lost", async () => {
    const { folder, fleet, config, file } = await standing(2)
    await fleet.close()
    const { events: kept, root } = await backup(config, file, watching)
    fs.rmSync(path.join(config.data, "ledger.db"))
    expect(await restore(config, file, told, watching)).toStrictEqual({
      events: kept,
      backup: { events: kept, root },
      lost: 0,
      before: undefined,
      unread: [],
    })
    const again = await open(folder)
    expect(await again.ledger.readAll({ after: origin, types: ["LedgerRestored"], limit: 9 })).toStrictEqual([])
  })

  it("goes on with the key that was in force then, when it was rotated since", async () => {
    const { folder, fleet, config, file } = await standing(2)
    const key = await keyOf(fleet)
    await backup(config, file, watching)
    await fleet.sealer.rotate()
    expect(await keyOf(fleet)).not.toBe(key)
    await fleet.close()
    await restore(config, file, told, watching)
    const again = await open(folder)
    expect(await keyOf(again)).toBe(key)
    expect(await isSound(again.ledger, key)).toBeNull()
  })

  it("takes the place of a ledger that can no longer be read", async () => {
    const { fleet, config, file } = await standing(2)
    await fleet.close()
    await backup(config, file, watching)
    fs.writeFileSync(path.join(config.data, "ledger.db"), "no database")
    expect(await restore(config, file, told, watching)).toMatchObject({ lost: 0 })
  })

  it.each([
    ["while somebody works on the folder", async () => (await standing(1)).file, "FolderInUse", false],
    ["from a ledger of somebody else", async () => otherBackup(), "LedgerForked", true],
    ["from a backup that was tampered with", undefined, "StoreDamaged", true],
    ["from what is no ledger", async () => path.join(process.cwd(), "package.json"), "StoreDamaged", true],
  ] as const)("is refused %s", async (_, other, code, closes) => {
    const { fleet, config, file } = await standing(2)
    await backup(config, file, watching)
    if (closes) await fleet.close()
    else await backup(config, `${file}.2`, watching)
    if (other === undefined) tamper(file)
    const before = fs.readdirSync(config.data)
    const chosen = code === "FolderInUse" || other === undefined ? file : await other()
    expect((await refusalOf(() => restore(config, chosen, told, watching))).code).toBe(code)
    expect(fs.readdirSync(config.data)).toStrictEqual(before)
  })
})

describe("an export", () => {
  async function exported(count = 20) {
    const standingOne = await standing(count)
    const { size, note } = await standingOne.fleet.sealing.now()
    const file = path.join(standingOne.folder, "export.ndjson")
    const write = async (from: number, to: number, change = (line: string) => line) => {
      const lines: string[] = []
      for await (const line of exportLines(standingOne.fleet.ledger, { from, to, note }, watching.signal)) {
        lines.push(change(JSON.stringify(line)))
      }
      fs.writeFileSync(file, `${lines.join("\n")}\n`)
    }
    await write(0, size - 1)
    return { ...standingOne, export: file, size, write }
  }

  it("makes the same ledger in another place: root, events and views", async () => {
    const { fleet, export: file, size } = await exported()
    const [elsewhere, key] = [await tempFolder(), await keyOf(fleet)]
    const config = configIn(elsewhere)
    expect(await importExport(config, file, key, watching)).toMatchObject({ events: size, keyIsHere: false })
    const copy = await open(elsewhere)
    expect(await rootAt(copy.ledger, size)).toStrictEqual(await rootAt(fleet.ledger, size))
    const at = (size - 1) as Position
    await copy.reached(at)
    const page = { kind: "target" as const, at, limit: 100 }
    expect(await copy.views.entities.page(page)).toStrictEqual(await fleet.views.entities.page(page))
  })

  it("is not sealed by another key than the one that signed it, and says which folder is missing", async () => {
    const { folder, fleet, export: file } = await exported(2)
    const elsewhere = await tempFolder()
    await importExport(configIn(elsewhere), file, undefined, watching)
    const copy = await open(elsewhere)
    await populate(copy, 1, 50)
    expect((await refusalOf(() => copy.sealing.now())).message).toMatch(/"keys" in the configuration/)
    await fleet.close()
    fs.rmSync(path.join(elsewhere, "keys"), { recursive: true })
    fs.cpSync(path.join(folder, "keys"), path.join(elsewhere, "keys"), { recursive: true })
    expect(await copy.sealing.now()).toMatchObject({ size: (await copy.ledger.head()).position })
  })

  it.each([
    ["where there is a ledger already", "RevisionConflict"],
    ["of a range", "InvalidInput"],
    ["that is cut off", "InvalidInput"],
    ["that is no export", "InvalidInput"],
    ["that is not there", "InvalidInput"],
    ["of which an event was changed", "LedgerForked"],
    ["of which an event is gone", "LedgerForked"],
    ["that another key signed", "LedgerForked"],
  ])("is refused %s", async (what, code) => {
    const { fleet, export: file, size, write } = await exported(5)
    const other = await standing(1)
    let [config, key] = [configIn(await tempFolder()), await keyOf(fleet)]
    if (what === "where there is a ledger already") {
      await other.fleet.close()
      config = other.config
    }
    if (what === "of a range") await write(2, size - 2)
    if (what === "that another key signed") key = await keyOf(other.fleet)
    if (what === "of which an event was changed") await write(0, size - 1, (line) => line.replaceAll("web-3", "web-4"))
    if (what === "that is no export") fs.writeFileSync(file, "hello\n")
    const lines = fs.readFileSync(file, "utf8").split("\n")
    if (what === "that is cut off") fs.writeFileSync(file, lines.slice(0, -2).join("\n"))
    if (what === "of which an event is gone") fs.writeFileSync(file, lines.filter((_, i) => i !== 4).join("\n"))
    if (what === "that is not there") fs.rmSync(file)
    const before = fs.existsSync(config.data) ? fs.readdirSync(config.data) : ["lock"]
    expect((await refusalOf(() => importExport(config, file, key, watching))).code).toBe(code)
    expect(fs.readdirSync(config.data)).toStrictEqual(before)
  })
})

async function otherBackup(): Promise<string> {
  const { config, file } = await standing(1)
  await backup(config, file, watching)
  return file
}

async function lastSize(data: string): Promise<number | undefined> {
  const db = new Database(path.join(data, "ledger.db"), { readonly: true })
  const size = db
    .prepare<[], number>(
      "SELECT json_extract(data, '$.size') FROM events JOIN types ON no = type_no WHERE name = 'LedgerCheckpointed' ORDER BY position DESC LIMIT 1",
    )
    .pluck()
    .get()
  db.close()
  return size
}

/** Changes an event, as somebody who can write the file would. */
function tamper(file: string): void {
  const db = new Database(file)
  const trigger = db
    .prepare<[], string>("SELECT sql FROM sqlite_schema WHERE name = 'events_are_never_changed'")
    .pluck()
    .get() as string
  db.exec("DROP TRIGGER events_are_never_changed")
  db.exec("UPDATE events SET data = replace(data, 'web-1', 'web-9')")
  db.exec(trigger)
  db.close()
}
