/** The offline verifier as an auditor has it: one file, run alone on an export, with a key and a checkpoint that were kept elsewhere. */
import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Readable } from "node:stream"
import type { Position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { checkpointText } from "#ledger/proof/checkpoint.js"
import { exportLines } from "#ledger/proof/export.js"
import { keyFolder } from "#ledger/proof/key.js"
import { type Signer, signNote, signerOf } from "#ledger/proof/note.js"
import { rootAt } from "#ledger/proof/prove.js"
import { Sealer } from "#ledger/proof/seal.js"
import { type Answer, type Said, command, verifyExport } from "#ledger/proof/verify-export.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changes, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { type SealedLedger, eventCount, exported, sealedAt, sealedLedger } from "#tests/support/sealed-ledger.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const verifier = path.resolve("dist/src/ledger/proof/verify-export.js")
const [first = 0, second = 0, , last = 0] = sealedAt

/** As a program of its own. */
function ran(program: string, args: readonly string[], input: string): Said {
  const options = { input, encoding: "utf8", cwd: "/" } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options)
  return { status: status ?? -1, says: stdout, complains: stderr }
}

const ask = (args: readonly string[], input = "") => command(args, Readable.from([Buffer.from(input)]))

const saysYes = (events: number): Said => ({
  status: 0,
  says: `yes: ${events} events are the ones that were signed\n`,
  complains: "",
})
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("")

/** What it says of these lines, given what the auditor has of this ledger. */
async function saidOf(
  lines: readonly string[],
  { key, kept }: SealedLedger,
  note = kept.at(-1) ?? "",
): Promise<Answer> {
  return verifyExport(linesIn(lines), key.text, note)
}

async function* linesIn(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

async function whole(): Promise<{ ledger: SealedLedger; lines: string[] }> {
  const ledger = await sealedLedger()
  return { ledger, lines: await exported(ledger.file, ledger.kept.at(-1) ?? "") }
}

const yes = (events: number) => ({ ok: true, message: `${events} events are the ones that were signed` })
const no = (why: RegExp) => ({ ok: false, message: expect.stringMatching(new RegExp(`^${why.source}`)) })

type Line = Record<string, unknown>

/** The lines with one of them changed. */
function altered(lines: readonly string[], index: number, change: (line: Line) => unknown): string[] {
  return lines.map((line, i) => (i === index ? JSON.stringify(change(JSON.parse(line) as Line)) : line))
}

/** The line of an event with its leaf made anew. */
function releafed(line: Line): Line {
  const sha256 = (...parts: (string | Uint8Array)[]) =>
    parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256")).digest()
  const data = sha256(Buffer.from(String(line["salt"]), "base64"), JSON.stringify(line["data"]))
  const entry = `{"dataHash":"${data.toString("hex")}",${String(line["head"]).slice(1)}`
  return { ...line, leaf: sha256("\0", entry).toString("base64") }
}

describe("an export that nobody touched", () => {
  it("is the one that was signed, by every checkpoint that was kept of it, from a file and from standard input", async () => {
    const { ledger, lines } = await whole()
    expect(lines).toHaveLength(last + 2)
    for (const note of ledger.kept) expect(await saidOf(lines, ledger, note)).toStrictEqual(yes(last))
    const folder = await tempFolder()
    const file = (name: string, text: string) => {
      fs.writeFileSync(path.join(folder, name), text)
      return path.join(folder, name)
    }
    const [key, note] = [file("ledger.key", `${ledger.key.text}\n`), file("kept.note", ledger.kept[1] ?? "")]
    const exportFile = file("ledger.ndjson", textOf(lines))
    expect(await ask([exportFile, "--key", key, "--checkpoint", note])).toStrictEqual(saysYes(last))
    expect(await ask(["-", "--key", key, "--checkpoint", note], textOf(lines))).toStrictEqual(saysYes(last))
  })

  it("is read alike where its members stand in another order", async () => {
    const { ledger, lines } = await whole()
    const reversed = (value: unknown): unknown =>
      typeof value !== "object" || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([name, member]) => [name, reversed(member)]),
          )
    expect(
      await saidOf(
        lines.map((line) => JSON.stringify(reversed(JSON.parse(line)))),
        ledger,
      ),
    ).toStrictEqual(yes(last))
  })

  it("may have lines that end as on Windows", async () => {
    const { ledger, lines } = await whole()
    expect(
      await saidOf(
        lines.map((line) => `${line}\r`),
        ledger,
      ),
    ).toStrictEqual(yes(last))
  })

  it("is verified by a copy of the one file, alone in a folder whatever its name", async () => {
    const { ledger, lines } = await whole()
    const folder = path.join(await tempFolder(), "audit of 2026 #1 (50%)")
    fs.mkdirSync(folder)
    const program = path.join(folder, "verify-export.mjs")
    fs.copyFileSync(verifier, program)
    const args = ["-", "--key", ledger.key.text, "--checkpoint", ledger.kept[0] ?? ""]
    expect(ran(program, args, textOf(lines))).toStrictEqual(saysYes(last))
    expect(ran(program, args, textOf(lines.toReversed()))).toMatchObject({ status: 1 })
    const link = path.join(folder, "verify.mjs")
    fs.symlinkSync(program, link)
    expect(ran(link, args, textOf(lines.toReversed()))).toMatchObject({ status: 1 })
  })
})

describe("a range", () => {
  it.each([
    [0, 0],
    [0, 100],
    [1, 1],
    [149, 151],
    [255, 256],
    [256, 511],
    [200, last - 1],
    [last - 1, last - 1],
  ])("from %i to %i is evidence by itself", async (from, to) => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from, to })
    expect(await saidOf(lines, ledger)).toStrictEqual(yes(to - from + 1))
  })

  it("proves nothing once an event, or a hash of what is around it, is another", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from: 310, to: 330 })
    const changed = altered(lines, 5, (line) => releafed({ ...line, data: { nothing: "of it" } }))
    expect(await saidOf(changed, ledger)).toMatchObject(
      no(/the checkpoint that was kept vouches for \d+ events that are not these/),
    )
    for (const [index, side] of [
      [0, "left"],
      [lines.length - 1, "right"],
    ] as const) {
      const { data } = JSON.parse(lines[index] ?? "") as { data: Record<string, string[]> }
      const hashes = data[side] ?? []
      expect(hashes.length).toBeGreaterThan(1)
      for (const other of [hashes.toReversed(), hashes.slice(1), [...hashes, hashes[0]], hashes.map(() => 7), null]) {
        expect(
          await saidOf(
            altered(lines, index, (line) => ({ ...line, data: { ...data, [side]: other } })),
            ledger,
          ),
        ).toMatchObject({ ok: false })
      }
    }
  })

  it("is not proved by a checkpoint that ends before it, or within what it leaves out", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from: 200, to: 220 })
    expect(await saidOf(lines, ledger, ledger.kept[0])).toMatchObject(no(/.*it says nothing of it/))
    expect(await saidOf(lines, ledger, ledger.kept[1])).toMatchObject(
      no(new RegExp(`.*export it with --checkpoint ${second}`)),
    )
  })

  it("is held against a checkpoint that it begins with, by what is left of it", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from: first, to: first + 9 })
    const { data } = JSON.parse(lines[0] ?? "") as { data: { left: string[] } }
    const changed = altered(lines, 0, (line) => ({ ...line, data: { ...data, left: data.left.toReversed() } }))
    expect(await saidOf(changed, ledger)).toMatchObject(
      no(new RegExp(`the event at position ${first} vouches for ${first} events that are not these`)),
    )
  })

  it("has to begin and end at positions of the ledger, in their order", async () => {
    const { ledger, lines } = await whole()
    for (const other of [
      { from: -1 },
      { from: "0" },
      { from: 0.5 },
      { from: last },
      { to: -1 },
      { to: "9" },
      { to: last - 1.5 },
      { to: last },
      { size: "604" },
      { size: null },
      { size: 2 ** 53 },
    ]) {
      const claimed = altered(lines, 0, (line) => ({ ...line, data: { ...(line["data"] as object), ...other } }))
      expect(await saidOf(claimed, ledger)).toMatchObject(no(/the first line does not begin an export/))
    }
  })

  it("does not pass for another range", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from: 200, to: 220 })
    for (const other of [
      { from: 201 },
      { from: 199 },
      { to: 219 },
      { to: 221 },
      { size: 604 },
      { size: 221 },
      { to: 1e15 },
    ]) {
      const claimed = altered(lines, 0, (line) => ({ ...line, data: { ...(line["data"] as object), ...other } }))
      expect(await saidOf(claimed, ledger)).toMatchObject({ ok: false })
    }
  })
})

describe("an export that somebody changed", () => {
  it.each([
    ["id", "another"],
    ["type", "TargetRetired"],
    ["subject", "target-z"],
    ["time", "2026-01-01T00:00:00.000Z"],
    ["source", "urn:fleet-ledger:another"],
  ])("is found by the %s that a line says beside the envelope", async (name, value) => {
    const { ledger, lines } = await whole()
    const changed = altered(lines, 201, (line) => ({ ...line, [name]: value }))
    expect(await saidOf(changed, ledger)).toMatchObject(
      no(/the event at position 200 was changed: its "\w+" is not that of its envelope/),
    )
  })

  it.each<[string, (lines: readonly string[]) => readonly string[], RegExp]>([
    [
      "with two events in each other's place",
      (lines) => [...lines.slice(0, 50), lines[51] ?? "", lines[50] ?? "", ...lines.slice(52)],
      /the event at position 49 is gone/,
    ],
    [
      "without its last event",
      (lines) => lines.toSpliced(-2, 1),
      new RegExp(`the event at position ${last - 1} is gone: the export ends before position ${last - 1}, where`),
    ],
    [
      "with an event behind its last",
      (lines) => lines.toSpliced(-1, 0, lines.at(-2) ?? ""),
      new RegExp(`there are more events than the first line says, at position ${last}$`),
    ],
    ["with a line behind its end", (lines) => [...lines, "{}"], /something follows the export's end$/],
    ["without its last line", (lines) => lines.slice(0, -1), /the export is cut off: it has no last line/],
    [
      "whose first line is of another type",
      (lines) => altered(lines, 0, (line) => ({ ...line, type: "fleet-ledger.export.ended" })),
      /the first line does not begin an export/,
    ],
    [
      "with a payload that was changed with its leaf",
      (lines) => altered(lines, 201, (line) => releafed({ ...line, data: {} })),
      new RegExp(
        `the event at position ${second} vouches for ${second} events that are not these: something between position ${first} and ${second - 1} was changed`,
      ),
    ],
    ["in reverse", (lines) => lines.toReversed(), /the first line does not begin an export/],
    [
      "with a line that is null",
      (lines) => [...lines.slice(0, 9), "null", ...lines.slice(9)],
      /the event at position 8 is not JSON/,
    ],
    [
      "with a line that is a number",
      (lines) => [...lines.slice(0, 9), "7", ...lines.slice(9)],
      /the event at position 8 is not JSON/,
    ],
    ["with a first line that is null", (lines) => ["null", ...lines.slice(1)], /the first line is not JSON/],
    [
      "whose first line says nothing",
      (lines) => altered(lines, 0, ({ data: _, ...line }) => line),
      /the first line does not begin an export/,
    ],
    ["whose last line says nothing", (lines) => altered(lines, lines.length - 1, ({ data: _, ...line }) => line), /./],
    [
      "whose last line has no note",
      (lines) => altered(lines, lines.length - 1, (line) => ({ ...line, data: { right: [] } })),
      /the checkpoint at the export's end is not signed/,
    ],
    [
      "with an envelope that is no JSON",
      (lines) => altered(lines, 9, (line) => releafed({ ...line, head: `{"stream":ledger}` })),
      /the event at position 8 has no envelope/,
    ],
    [
      "with an envelope that is no object",
      (lines) => altered(lines, 9, (line) => releafed({ ...line, head: "null" })),
      /the event at position 8 has no envelope/,
    ],
    [
      "with an event without a payload",
      (lines) => altered(lines, 9, ({ data: _, ...line }) => line),
      /the event at position 8 was changed/,
    ],
    [
      "with a checkpoint without a payload",
      (lines) => altered(lines, first + 1, (line) => releafed({ ...line, data: null })),
      /the event at position 150 is not signed/,
    ],
    [
      "with an event that was redacted in silence",
      (lines) =>
        altered(lines, 201, ({ salt, ...line }) => ({
          ...line,
          datahash: crypto
            .createHash("sha256")
            .update(Buffer.from(String(salt), "base64"))
            .update(JSON.stringify(line["data"]))
            .digest("base64"),
          data: {},
        })),
      /the payload at position 200 was taken away, and no DataRedacted says so/,
    ],
    [
      "with an event that is put in",
      (lines) => [
        ...lines.slice(0, 201),
        ...lines
          .slice(200)
          .map((line, i) => (i < 1 ? line : JSON.stringify({ ...(JSON.parse(line) as Line), position: 199 + i }))),
      ],
      /./,
    ],
  ])("is found: %s", async (_, change, why) => {
    const { ledger, lines } = await whole()
    expect(await saidOf(change(lines), ledger)).toMatchObject(no(why))
  })

  it("is found by a checkpoint that was altered, which is what is wrong", async () => {
    const { ledger, lines } = await whole()
    const [note = ""] = ledger.kept
    const [, size = "", root = ""] = note.split("\n")
    const notes = [
      note.replace(`\n${size}\n`, "\n140\n"),
      note.replace(root, `${root.startsWith("A") ? "B" : "A"}${root.slice(1)}`),
    ]
    for (const other of notes) {
      expect(await saidOf(lines, ledger, other)).toMatchObject(
        no(/the checkpoint that was kept is not signed by the key/),
      )
    }
    for (const none of ["a note", "\n", `${note.split("\n\n")[0]}\n`]) {
      expect(await saidOf(lines, ledger, none)).toMatchObject({ ok: false })
    }
  })

  it("is found by a checkpoint whose lines are none of a checkpoint's", async () => {
    const { ledger, lines } = await whole()
    const [note = ""] = ledger.kept
    const [, size = "", root = ""] = note.split("\n")
    for (const other of ["", "+150", "15O", "-1", "1e3", "1".repeat(16)])
      expect(await saidOf(lines, ledger, note.replace(`\n${size}\n`, `\n${other}\n`))).toStrictEqual({
        ok: false,
        message: "the checkpoint that was kept is not a checkpoint",
      })
    expect(await saidOf(lines, ledger, note.replace(root, root.slice(4)))).toMatchObject(no(/.*is not a checkpoint$/))
    for (const other of [note.replace("— ", "x— "), note.replace(/\n$/, " x\n"), note.replace("— fleet", "— sleet")])
      expect(await saidOf(lines, ledger, other)).toMatchObject(
        no(/the checkpoint that was kept is not signed by the key/),
      )
  })

  it("is older than a checkpoint that was kept of what came since", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept[1] ?? "")
    expect(await saidOf(lines, ledger, ledger.kept[1])).toStrictEqual(yes(second))
    expect(await saidOf(lines, ledger)).toMatchObject(
      no(
        new RegExp(
          `the ledger was exported with ${second} events, but .* vouches for ${last}: its tail is cut, or this`,
        ),
      ),
    )
  })

  it("is never taken for what was signed, whatever byte of an event is another", async () => {
    const ledger = await sealedLedger()
    const lines = await exported(ledger.file, ledger.kept.at(-1) ?? "", { from: 0, to: 20 })
    const [note = ""] = [ledger.kept.at(-1)]
    const told = (line: Line) => {
      const { id, type, subject, time, source, position, data, head } = line
      const bytes = [line["salt"], line["leaf"]].map((text) => Buffer.from(String(text), "base64"))
      return { id, type, subject, time, source, position, data, head, bytes }
    }
    const answerOn = async (given: readonly string[]) => verifyExport(linesIn(given), ledger.key.text, note)
    expect(await answerOn(lines)).toMatchObject({ ok: true })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 21 }),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        async (index, any, byte) => {
          const bytes = Buffer.from(lines[index] ?? "")
          fc.pre(byte !== 10 && byte !== 13)
          bytes.writeUInt8(byte, any % bytes.length)
          const changed = lines.map((line, i) => (i === index ? bytes.toString() : line))
          const { ok } = await answerOn(changed)
          if (ok)
            expect(told(JSON.parse(changed[index] ?? "") as Line)).toStrictEqual(
              told(JSON.parse(lines[index] ?? "") as Line),
            )
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe("what the ledger says of itself", () => {
  /** Ten events, then what `say` appends, then a checkpoint of all. */
  async function exportOf(say: (ledger: Ledger, signer: Signer) => Promise<unknown>, called?: string, from = 0) {
    const folder = await tempFolder()
    const clock = new TestClock()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
    const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
    await ledger.append(stream("target-1"), noStream, changes(10), "a")
    const { privateKey } = crypto.generateKeyPairSync("ed25519")
    const signer = called === undefined ? await sealer.signer() : signerOf(called, privateKey)
    await say(ledger, signer)
    const size = (await ledger.head()).position + 1
    const text = checkpointText({ origin: signer.name, size, root: await rootAt(ledger, size) })
    const note = signNote(text, [signer])
    const lines: string[] = []
    const export_ = exportLines(ledger, { from, to: size - 1, note }, new AbortController().signal)
    for await (const line of export_) lines.push(JSON.stringify(line))
    await ledger.close()
    return verifyExport(linesIn(lines), signer.text, note)
  }
  /** @param of so many events its root is instead */
  const checkpoint =
    (size: number, of = size) =>
    async (ledger: Ledger, signer: Signer) => {
      const root = await rootAt(ledger, Math.min(of, 10))
      const data = { size, note: signNote(checkpointText({ origin: signer.name, size, root }), [signer]) }
      await ledger.append(stream("ledger"), noStream, [{ type: "LedgerCheckpointed", data, metadata, observedAt }], "b")
    }

  it("may be a checkpoint that was signed before the events in front of it came, and none of what came later", async () => {
    for (const size of [1, 7, 10]) expect(await exportOf(checkpoint(size))).toStrictEqual(yes(11))
    expect(await exportOf(checkpoint(11))).toMatchObject(
      no(/the event at position 10 vouches for 11 events, which is not what was there when it was made/),
    )
  })

  it("may be a checkpoint of nothing, or of what is before a range, which says nothing of that", async () => {
    expect(await exportOf(checkpoint(0))).toStrictEqual(yes(11))
    for (const size of [7, 8, 9]) expect(await exportOf(checkpoint(size), undefined, 8)).toStrictEqual(yes(3))
  })

  it("is held against all that a range is behind, where it is of that, and of no less", async () => {
    const wrong = no(/the event at position 10 vouches for \d events that are not these/)
    for (const size of [8, 9]) expect(await exportOf(checkpoint(size, 3), undefined, 8)).toMatchObject(wrong)
    expect(await exportOf(checkpoint(7, 3), undefined, 8)).toStrictEqual(yes(3))
  })

  it("is no checkpoint of another ledger, though this one's key signed it", async () => {
    const foreign = async (ledger: Ledger, signer: Signer) => {
      const text = checkpointText({ origin: "fleet-ledger/other", size: 10, root: await rootAt(ledger, 10) })
      const data = { size: 10, note: signNote(text, [signer]) }
      await ledger.append(stream("ledger"), noStream, [{ type: "LedgerCheckpointed", data, metadata, observedAt }], "b")
    }
    expect(await exportOf(foreign)).toMatchObject(
      no(/the event at position 10 is a checkpoint of another ledger, fleet-ledger\/other/),
    )
  })

  it("makes up for a payload that is gone, and for no other", async () => {
    const redact = (positions: number[]) => (ledger: Ledger) =>
      ledger.redact(
        [{ position: 3 as Position, data: { facet: "os", patch: [] } }],
        { type: "DataRedacted", data: { positions, mask: "x" }, metadata, observedAt },
        noStream,
      )
    expect(await exportOf(redact([3]))).toStrictEqual({
      ok: true,
      message: "11 events, 1 of them redacted, are the ones that were signed",
    })
    expect(await exportOf(redact([4]))).toMatchObject(no(/the payload at position 3 was taken away/))
  })

  it("is not what another ledger is called by", async () => {
    expect(await exportOf(async () => {}, `fleet-ledger/${"0".repeat(32)}`)).toMatchObject(no(/this is another ledger/))
  })
})

describe("a rotation", () => {
  it("is followed from the key that signed first, and from no other", async () => {
    const folder = await tempFolder()
    const clock = new TestClock()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
    const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
    await ledger.append(stream("target-1"), noStream, changes(7), "a")
    const keys = [(await sealer.signer()).text]
    const kept = [(await sealer.seal()).note, (await sealer.rotate()).note]
    keys.push((await sealer.signer()).text)
    await ledger.append(stream("target-1"), 6, changes(7), "b")
    kept.push((await sealer.seal()).note)
    const lines: string[] = []
    const [, , note = ""] = kept
    const to = Number(note.split("\n")[1]) - 1
    const export_ = exportLines(ledger, { from: 0, to, note }, new AbortController().signal)
    for await (const line of export_) lines.push(JSON.stringify(line))
    await ledger.close()
    const [oldKey = "", newKey = ""] = keys
    for (const one of kept) {
      expect(await verifyExport(linesIn(lines), oldKey, one)).toStrictEqual(yes(to + 1))
      expect(await verifyExport(linesIn(lines), newKey, one)).toMatchObject({ ok: false })
    }
  })
})

describe("called wrongly", () => {
  it("with what cannot be read to its end it says so, and not that it is wrong", async () => {
    const { ledger, lines } = await whole()
    async function* failing() {
      yield Buffer.from(textOf(lines.slice(0, 9)))
      throw Object.assign(new Error("EIO: i/o error, read"), { syscall: "read" })
    }
    const args = ["-", "--key", ledger.key.text, "--checkpoint", ledger.kept[0] ?? ""]
    expect(await command(args, failing())).toStrictEqual({
      status: 2,
      says: "",
      complains: "- cannot be read: EIO: i/o error, read\n",
    })
  })

  it("with a failure that is not one of reading it hides nothing", async () => {
    const { key, kept } = await sealedLedger()
    async function* broken() {
      yield Buffer.from("\n")
      throw new TypeError("a mistake")
    }
    const args = ["-", "--key", key.text, "--checkpoint", kept[0] ?? ""]
    await expect(command(args, broken())).rejects.toThrow("a mistake")
  })

  it("with a key that is none it says that of the key", async () => {
    const { ledger, lines } = await whole()
    const { text } = ledger.key
    const [, name = "", id = "", encoded = ""] = /^(.*?)\+(.*?)\+(.*)$/.exec(text) ?? []
    const typed = Buffer.from(encoded, "base64")
    const otherType = Buffer.concat([Buffer.of(2), typed.subarray(1)])
    /** As it would be written, if there were such keys. */
    const written = (bytes: Buffer) => {
      const hash = crypto.createHash("sha256").update(`${name}\n`).update(bytes).digest("hex")
      return `${name}+${hash.slice(0, 8)}+${bytes.toString("base64")}`
    }
    expect(written(typed)).toBe(text)
    const none = { ok: false, message: "the key is not a verifier key, like <name>+<id>+<base64>" }
    for (const other of [
      "",
      `see ${text}`,
      `${text} for it`,
      `other${text}`,
      `${name}+${id.startsWith("0") ? "1" : "0"}${id.slice(1)}+${encoded}`,
      ...[otherType, typed.subarray(0, 30), Buffer.concat([typed, typed])].map(written),
    ])
      expect(await verifyExport(linesIn(lines), other, ledger.kept.at(-1) ?? "")).toStrictEqual(none)
  })

  it.each([
    ["with nothing", []],
    ["without a key", ["-", "--checkpoint", "x"]],
    ["without a checkpoint", ["-", "--key", "x"]],
    ["without an export", ["--key", "x", "--checkpoint", "y"]],
  ])("%s it says how to call it", async (_, args) => {
    expect(await ask(args)).toMatchObject({ status: 2, says: "", complains: expect.stringContaining("usage: ") })
  })

  it("with an export that is not there it says so", async () => {
    const { key, kept } = await sealedLedger()
    const missing = path.join(await tempFolder(), "none.ndjson")
    const { status, says, complains } = await ask([missing, "--key", key.text, "--checkpoint", kept[0] ?? ""])
    expect([status, says]).toStrictEqual([2, ""])
    expect(complains).toMatch(/^\S*none\.ndjson cannot be read: [^\n]+\n$/)
  })
})

describe("what is exported", () => {
  it("is every event that a checkpoint vouches for", () => {
    expect(last).toBe(eventCount - 1)
  })
})
