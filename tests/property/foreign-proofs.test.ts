/** Exports, notes and keys that somebody damaged: refused by a sentence, and never believed. */
import type { Json } from "#kernel/json.js"
import { noStream } from "#ledger/port.js"
import { parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { exportLines } from "#ledger/proof/export.js"
import { importLines } from "#ledger/proof/import.js"
import { keyFolder } from "#ledger/proof/key.js"
import { isSignedBy, parseNote, parseVerifierKey } from "#ledger/proof/note.js"
import { Sealer } from "#ledger/proof/seal.js"
import { verifyExport } from "#ledger/proof/verify-export.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changedJson, damaged, foreignRuns, orRefused } from "#tests/support/foreign.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import * as path from "node:path"
import { describe, expect, it } from "vitest"

const forever = new AbortController().signal

interface Export {
  readonly lines: readonly Json[]
  readonly notes: readonly string[]
  readonly key: string
}

/** A small ledger with two checkpoints and a change of the key, whose events say so. */
async function exported(): Promise<Export> {
  const folder = await tempFolder()
  const clock = new TestClock()
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
  const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
  await ledger.append(stream("target-1"), noStream, changes(3), "a")
  const key = (await sealer.signer()).text
  const notes = [(await sealer.seal()).note, (await sealer.rotate()).note]
  await ledger.append(stream("target-1"), 2, changes(3), "b")
  const { note } = await sealer.seal()
  const lines: Json[] = []
  const range = { from: 0, to: Number(note.split("\n")[1]) - 1, note }
  for await (const line of exportLines(ledger, range, forever)) lines.push(line)
  await ledger.close()
  return { lines, notes: [...notes, note], key }
}

/** Made once. */
let making: Promise<Export> | undefined
const theExport = () => (making ??= exported())

/** The lines of the export, with one of them another. */
const textsOf = ({ lines }: Export, other?: Tampered) =>
  lines.map((line, index) => (index === other?.index ? other.text : JSON.stringify(line)))

async function* linesIn(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

/** What an event says, and what proves it. */
const saidIn = (line: string) => {
  const { id, type, subject, time, source, position, data, head, salt, leaf } = JSON.parse(line) as Record<string, Json>
  const bytes = [salt, leaf].map((text) => Buffer.from(typeof text === "string" ? text : "", "base64").toString("hex"))
  return { id, type, subject, time, source, position, data, head, bytes }
}

interface Tampered {
  readonly index: number
  readonly text: string
}

/** Another text for one of the lines. */
const tampered = ({ lines }: Export): fc.Arbitrary<Tampered> =>
  fc.nat({ max: lines.length - 1 }).chain((index) => {
    const [line, others] = [lines[index] as Json, lines.slice(0, 2).map((other) => JSON.stringify(other))]
    const text = fc.oneof(
      damaged([JSON.stringify(line), ...others]).map((other) => other.replaceAll(/[\n\r]/g, " ")),
      changedJson([line]).map((value) => JSON.stringify(value)),
    )
    return text.map((other) => ({ index, text: other }))
  })

describe("an export that was tampered with", () => {
  it("is told by the offline verifier to be another, unless all that it says is the same", async () => {
    const given = await theExport()
    const [kept = ""] = given.notes
    const whole = textsOf(given)
    expect(await verifyExport(linesIn(whole), given.key, kept)).toMatchObject({ ok: true })
    await fc.assert(
      fc.asyncProperty(tampered(given), async (other) => {
        const texts = textsOf(given, other)
        const answer = await orRefused(() => verifyExport(linesIn(texts), given.key, kept))
        expect(answer?.message).toMatch(/^[^\n]+$/u)
        if (answer?.ok) expect(texts.slice(1, -1).map(saidIn)).toStrictEqual(whole.slice(1, -1).map(saidIn))
      }),
      { numRuns: foreignRuns },
    )
  })

  it("makes no ledger, unless it makes the very same one", async () => {
    const given = await theExport()
    const key = parseVerifierKey(given.key)
    const take = async (texts: readonly string[]) => {
      const ledger = openSqliteLedger(":memory:")
      try {
        const taken = await orRefused(() => importLines(linesIn(texts), ledger, undefined, () => {}, forever))
        return taken && { taken, root: await ledger.nodes([{ level: 0, index: taken.events - 1 }]) }
      } finally {
        await ledger.close()
      }
    }
    const whole = await take(textsOf(given))
    expect(whole).toBeDefined()
    expect(isSignedBy(parseNote(given.notes[0] ?? ""), key)).toBe(true)
    await fc.assert(
      fc.asyncProperty(tampered(given), async (other) => {
        const made = await take(textsOf(given, other))
        if (made !== undefined) {
          expect(made.root).toStrictEqual(whole?.root)
          expect(made.taken.checkpoint).toStrictEqual(whole?.taken.checkpoint)
        }
      }),
      { numRuns: foreignRuns },
    )
  })
})

describe("an export made to break its reader", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`

  it.each<[string, RegExp, (line: Record<string, Json>) => string]>([
    [
      "nested without end",
      /is nested too deeply$/,
      (line) => JSON.stringify({ ...line, data: 0 }).replace('"data":0', `"data":${deep}`),
    ],
    [
      "with a position that is no text",
      /says position \{"toString":1\}$/,
      (line) => JSON.stringify({ ...line, position: { toString: 1 } }),
    ],
    ["in front of the first", /says position -1$/, (line) => JSON.stringify({ ...line, position: -1 })],
    ["of nothing", /is not JSON$/, () => "null"],
    [
      "with words for a terminal",
      /is gone: the line says position "[^\p{Cc}]+"$/u,
      (line) => JSON.stringify({ ...line, position: "\u009b2J\u202e" }),
    ],
    [
      "with a salt of a million bytes",
      /its leaf is not that of/,
      (line) => JSON.stringify({ ...line, salt: "A".repeat(2 ** 20) }),
    ],
    ["with an envelope that is none", /has no envelope$/, (line) => JSON.stringify({ ...line, head: "null" })],
  ])("%s is found wrong, and taken over by nobody", async (_, why, change) => {
    const given = await theExport()
    const texts = textsOf(given, { index: 2, text: change(given.lines[2] as Record<string, Json>) })
    const answer = await verifyExport(linesIn(texts), given.key, given.notes[0] ?? "")
    expect(answer).toStrictEqual({ ok: false, message: expect.stringMatching(why) })
    const ledger = openSqliteLedger(":memory:")
    try {
      expect(await orRefused(() => importLines(linesIn(texts), ledger, undefined, () => {}, forever))).toBeUndefined()
    } finally {
      await ledger.close()
    }
  })
})

it("an export with the checkpoint of another ledger at its end makes none", async () => {
  const given = await theExport()
  const [index, last] = [given.lines.length - 1, given.lines.at(-1) as { data: { checkpoint: string } }]
  const checkpoint = last.data.checkpoint.replace(/^fleet-ledger/, "fleet-ledgers")
  const texts = textsOf(given, { index, text: JSON.stringify({ ...last, data: { ...last.data, checkpoint } }) })
  const ledger = openSqliteLedger(":memory:")
  try {
    await expect(importLines(linesIn(texts), ledger, undefined, () => {}, forever)).rejects.toThrow(
      /of another ledger$/,
    )
  } finally {
    await ledger.close()
  }
})

describe("a damaged note", () => {
  it("is no checkpoint, or one that nobody signed, or says the same", async () => {
    const given = await theExport()
    const key = parseVerifierKey(given.key)
    const signed = given.notes.map((note) => parseNote(note).text)
    await fc.assert(
      fc.asyncProperty(damaged(given.notes), async (text) => {
        const read = await orRefused(() => parseCheckpoint(text))
        const believed = read !== undefined && isSignedBy(read.note, key) ? read.note.text : signed[0]
        expect(signed).toContain(believed)
        const { ok } = await verifyExport(linesIn(textsOf(given)), given.key, text)
        expect(signed).toContain(ok ? text.slice(0, text.lastIndexOf("\n\n") + 1) : signed[0])
      }),
      { numRuns: foreignRuns },
    )
  })

  it("and a damaged key is no key, or the same", async () => {
    const given = await theExport()
    await fc.assert(
      fc.asyncProperty(damaged([given.key]), async (text) => {
        const read = await orRefused(() => parseVerifierKey(text))
        if (read !== undefined) expect(read.text).toBe(text.trim())
        const answer = await verifyExport(linesIn([]), text, given.notes[0] ?? "")
        expect(answer.ok).toBe(false)
      }),
      { numRuns: foreignRuns },
    )
  })
})
