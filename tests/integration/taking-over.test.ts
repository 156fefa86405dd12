/** An export is taken over as a whole, by whoever asks for it and holds the right key; what was begun goes on, and anything else is refused by what is wrong with it. */
import type { Json } from "#kernel/json.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { exportLines } from "#ledger/proof/export.js"
import { importLines } from "#ledger/proof/import.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { rootAt } from "#ledger/proof/prove.js"
import { verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { exported, sealedLedger } from "#tests/support/sealed-ledger.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it, onTestFinished } from "vitest"

const forever = new AbortController().signal

function empty(): Ledger {
  const ledger = openSqliteLedger(":memory:", new TestClock())
  onTestFinished(() => ledger.close())
  return ledger
}

async function whole() {
  const sealed = await sealedLedger()
  const note = sealed.kept.at(-1) ?? ""
  return { ...sealed, note, size: Number(note.split("\n")[1]), lines: await exported(sealed.file, note) }
}

interface Taking {
  readonly key?: string
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
}

async function* linesIn(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

function take(lines: readonly string[], ledger: Ledger, { key, signal = forever, progress = () => {} }: Taking = {}) {
  return importLines(linesIn(lines), ledger, key === undefined ? undefined : parseVerifierKey(key), progress, signal)
}

/** Why it is refused. */
async function refusal(lines: readonly string[], ledger = empty(), taking: Taking = {}): Promise<string> {
  const { code, message } = await refusalOf(() => take(lines, ledger, taking))
  return `${code}: ${message}`
}

describe("an export that is taken over", () => {
  it("makes the ledger that it is of, which its key signed, and tells how far it is", async () => {
    const { lines, note, key, size } = await whole()
    const [ledger, told] = [empty(), [] as number[][]]
    const progress = (done: number, total: number) => void told.push([done, total])
    const taken = await take(lines, ledger, { key: key.text, progress })
    expect([taken.events, taken.note]).toStrictEqual([size, note])
    expect(await rootAt(ledger, size)).toStrictEqual(taken.checkpoint.root)
    expect(told.at(-1)).toStrictEqual([size, size])
  })

  it("goes on where it was interrupted", async () => {
    const { lines, size } = await whole()
    const ledger = empty()
    expect(await refusal(lines.slice(0, 400), ledger)).toMatch(/^InvalidInput: .*it is cut off: it has no last line$/)
    const [first, ...rest] = lines as [string, ...string[]]
    const ending = new AbortController()
    const begun = (async function* () {
      yield first
      for (const line of rest) {
        yield line
        if (line.includes('"position":450,')) ending.abort()
      }
    })()
    const cancelled = await refusalOf(() => importLines(begun, ledger, undefined, () => {}, ending.signal))
    expect(cancelled).toMatchObject({ code: "Cancelled", message: "the import was cancelled" })
    expect((await take(lines, ledger)).events).toBe(size)
    expect((await take([...lines, ""], ledger)).events).toBe(size)
  })

  it("is refused by a ledger that holds other events, or more than it has", async () => {
    const { lines, size } = await whole()
    const other = empty()
    await other.append(stream("target-other"), noStream, changes(3), "a")
    expect(await refusal(lines, other)).toBe("LedgerForked: the ledger already holds another event at position 0")
    const longer = empty()
    await take(lines, longer)
    await longer.append(stream("target-other"), noStream, changes(1), "a")
    expect(await refusal(lines, longer)).toBe(
      `LedgerForked: these ${size + 1} events are not the ${size} that the checkpoint at the export's end vouches for`,
    )
  })

  it("is refused where another key signed it", async () => {
    const [{ lines }, { key }] = [await whole(), await sealedLedger("theirs")]
    expect(await refusal(lines, empty(), { key: key.text })).toMatch(
      /^LedgerForked: .* is not signed by the key fleet-/,
    )
  })

  const changed = (line: string, change: (data: Record<string, Json>) => Record<string, Json>) => {
    const parsed = JSON.parse(line) as { data: Record<string, Json> }
    return JSON.stringify({ ...parsed, data: change(parsed.data) })
  }
  it.each<[string, (lines: readonly string[]) => readonly string[], RegExp]>([
    ["it is of nothing", () => [], /it is cut off/],
    ["it is no JSON", () => ["events"], /a line is not JSON: events$/],
    ["a line is a list", () => ["[]"], /a line is no object: \[\]$/],
    ["it does not begin", (lines) => lines.slice(1), /its first line does not say what follows$/],
    [
      "it is of a later format",
      ([first = "", ...rest]) => [changed(first, (data) => ({ ...data, format: 2 })), ...rest],
      /it has format 2, and this program knows 1$/,
    ],
    [
      "it says no format",
      ([first = "", ...rest]) => [changed(first, ({ format: _, ...data }) => data), ...rest],
      /it has format none/,
    ],
    [
      "it is a part",
      ([first = "", ...rest]) => [changed(first, (data) => ({ ...data, from: 1 })), ...rest],
      /it is a range of a ledger, positions 1 to \d+ of \d+: evidence, but no ledger$/,
    ],
    ["an event says nothing", ([first = ""]) => [first, "{}"], /a line is no event$/],
    [
      "a leaf is too short",
      ([first = "", second = ""]) => [first, second.replace(/"leaf":"[^"]*"/, '"leaf":"AAAA"')],
      /a line has a salt or a hash of another length than these have$/,
    ],
    [
      "its checkpoint is no text",
      (lines) => [...lines.slice(0, -1), changed(lines.at(-1) ?? "", (data) => ({ ...data, checkpoint: 7 }))],
      /not a signed note/,
    ],
  ])("is refused where %s", async (_, spoil, why) => {
    const { lines } = await whole()
    expect(await refusal(spoil(lines))).toMatch(new RegExp(`^InvalidInput: .*${why.source}`))
  })
})

describe("a range that is no range", () => {
  it.each([
    [5, 4],
    [0, 100_000],
  ])("is not exported: %i to %i", async (from, to) => {
    const { file, note } = await whole()
    expect((await refusalOf(() => exported(file, note, { from, to }))).message).toMatch(
      /are no range of the \d+ events/,
    )
  })
})

describe("long work", () => {
  it("ends when nobody waits for it any more: verifying", async () => {
    const { file } = await whole()
    const ledger = openSqliteLedger(file)
    onTestFinished(() => ledger.close())
    const over = AbortSignal.abort()
    expect(await refusalOf(() => verify(ledger, { checkpoints: [] }, () => {}, over))).toMatchObject({
      code: "Cancelled",
    })
    const lines = exportLines(ledger, { from: 0, to: 10, note: (await whole()).note }, over)
    await expect(lines.next().then(() => lines.next())).rejects.toThrow(/abort/i)
  })
})
