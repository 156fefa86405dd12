/**
 * The tamper drill: whoever can write the ledger's file, or an export of it, changes something, as cleverly as that can be done without the signing key. Each time
 * `verify` and the offline verifier say no, and name the first thing that is wrong.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Instant } from "#kernel/clock.js"
import { systemClock } from "#kernel/clock.js"
import { origin } from "#kernel/point.js"
import { sealedLeaf } from "#ledger/leaf.js"
import type { Ledger, StoredEvent } from "#ledger/port.js"
import { exportLines } from "#ledger/proof/export.js"
import { keyFolder } from "#ledger/proof/key.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { Sealer } from "#ledger/proof/seal.js"
import { type Verdict, verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import Database from "better-sqlite3"
import { beforeAll, describe, expect, it } from "vitest"

const forever = new AbortController().signal

/** What an auditor has: a whole ledger of a few hundred events, its key, and a checkpoint that was kept elsewhere. */
interface Evidence {
  readonly events: readonly StoredEvent[]
  readonly lines: readonly string[]
  readonly key: string
  readonly kept: string
}

async function evidence(): Promise<Evidence> {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync("/tmp"), "fleet-ledger-test-"))
  try {
    const clock = new TestClock()
    const ledger = openSqliteLedger(path.join(folder, "ledger.db"), clock)
    const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
    let kept = ""
    for (let round = 0; round < 6; round++) {
      for (const name of ["target-1", "target-2"]) {
        const at = await ledger.revisionOf(stream(name))
        await ledger.append(stream(name), at, changes(40, `${name}/${round}`), `round ${round}`)
        clock.advance(1_000)
      }
      const { note } = await sealer.seal()
      if (round === 4) kept = note
    }
    const { note, size } = await sealer.seal()
    const lines: string[] = []
    for await (const line of exportLines(ledger, { from: 0, to: size - 1, note }, forever))
      lines.push(JSON.stringify(line))
    const events = await ledger.readStored({ after: origin, limit: 10_000 })
    const { text: key } = await sealer.signer()
    await ledger.close()
    return { events, lines, key, kept }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

let ours: Evidence
let others: Evidence
beforeAll(async () => {
  ours = await evidence()
  others = await evidence()
})

/** A ledger with these events, whatever they are, in a file of its own: the tree and the leaves as their writer wants them. */
async function forged(events: readonly StoredEvent[]): Promise<Ledger> {
  const file = path.join(await tempFolder(), "ledger.db")
  const ledger = openSqliteLedger(file)
  await ledger.adopt(ours.events)
  await ledger.close()
  const db = new Database(file)
  const triggers = db.prepare<[], { name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
  )
  const kept = triggers.all()
  for (const { name } of kept) db.exec(`DROP TRIGGER ${name}`)
  const old = db.prepare<[number], object>("SELECT * FROM events WHERE position = ?")
  const rows = events.map(({ position, head, data, seal, leaf }, index) => {
    const {
      stream: name,
      revision,
      recordedAt,
    } = JSON.parse(head) as { stream: string; revision: number; recordedAt: Instant }
    return {
      ...(old.get(index) as object),
      position,
      name,
      revision,
      recordedAt: Date.parse(recordedAt),
      head,
      data,
      leaf,
      salt: "salt" in seal ? seal.salt : null,
    }
  })
  db.exec("DELETE FROM events")
  const insert = db.prepare(
    `INSERT INTO events (position, stream_no, revision, type_no, recorded_at, head, data, salt, leaf, data_hash)
     VALUES (@position, (SELECT no FROM streams WHERE name = @name), @revision, @type_no, @recordedAt, @head, @data, @salt, @leaf, @data_hash)`,
  )
  for (const row of rows) insert.run(row)
  for (const { sql } of kept) db.exec(sql)
  db.close()
  return openSqliteLedger(file)
}

async function verdictOn(events: readonly StoredEvent[], kept = ours.kept): Promise<Verdict["wrong"]> {
  const ledger = await forged(events)
  const vouched = {
    key: parseVerifierKey(ours.key),
    checkpoints: [{ where: "the checkpoint that was kept", note: kept }],
  }
  const { wrong } = await verify(ledger, vouched, () => {}, forever)
  await ledger.close()
  return wrong
}

/** What the offline verifier says, run as an auditor runs it. */
function offline(lines: readonly string[], { key, kept }: Pick<Evidence, "key" | "kept"> = ours) {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["dist/src/ledger/proof/verify-export.js", "-", "--key", key, "--checkpoint", kept],
    { input: lines.length === 0 ? "" : `${lines.join("\n")}\n`, encoding: "utf8", maxBuffer: 1e8 },
  )
  return { status, says: stdout }
}

const at = 123
const edited =
  (position: number, change: (event: StoredEvent) => Partial<StoredEvent>) => (events: readonly StoredEvent[]) =>
    events.map((event) => (event.position === position ? { ...event, ...change(event) } : event))
/** The bit that tells `c` from `b`. */
const flip = (text: string) =>
  text
    .replace(/change/, "bhange")
    .replace(/target-1\//, "tarfet-1/")
    .replace(/target-2\//, "tarfet-2/")
const withLeaf = (event: StoredEvent) => ({ ...event, leaf: sealedLeaf(event.head, event.data, event.seal) })

const tampering: Readonly<
  Record<string, { readonly with: (events: readonly StoredEvent[]) => readonly StoredEvent[]; readonly says: RegExp }>
> = {
  "one bit flipped in a payload": {
    with: edited(at, ({ data }) => ({ data: flip(data) })),
    says: /event at position 123 was changed/,
  },
  "one bit flipped in an envelope": {
    with: edited(at, ({ head }) => ({ head: head.replace("discovery", "discoverx") })),
    says: /event at position 123 was changed/,
  },
  "one bit flipped in a salt": {
    with: edited(at, ({ seal }) => ({
      seal: { salt: ("salt" in seal ? seal.salt : new Uint8Array()).map((byte) => byte ^ 1) },
    })),
    says: /event at position 123 was changed/,
  },
  "a payload changed with its leaf made anew": {
    with: (events) => edited(at, (event) => withLeaf({ ...event, data: flip(event.data) }))(events),
    says: /vouches for 161 events that are not these: something between position 80 and 160/,
  },
  "a row deleted": {
    with: (events) => events.filter(({ position }) => position !== at),
    says: /event at position 123 is gone/,
  },
  "a row deleted, and those behind it moved up": {
    with: (events) =>
      events
        .filter(({ position }) => position !== at)
        .map((event, position) => ({ ...event, position }) as StoredEvent),
    says: /position 123 (?:is number|was changed)|that are not these: something between position 80 and|which is not what was there/,
  },
  "two rows swapped": {
    with: (events) =>
      events.map((event) => {
        const other = event.position === at ? at + 1 : event.position === at + 1 ? at : undefined
        return other === undefined ? event : { ...(events[other] as StoredEvent), position: event.position }
      }),
    says: /position 123 is number|that are not these: something between position 80 and|which is not what was there/,
  },
  "the tail cut behind a checkpoint": {
    with: (events) => events.slice(0, 163),
    says: /(?:ends before position 163|is gone).*|tail is cut/,
  },
}

describe("the tamper drill", () => {
  it("says yes to what nobody touched", async () => {
    expect(await verdictOn(ours.events)).toBeNull()
    expect(offline(ours.lines)).toMatchObject({ status: 0, says: expect.stringMatching(/^yes: \d+ events are/) })
  })

  it.each(Object.entries(tampering))("names %s in the ledger", async (_, { with: tamper, says }) => {
    expect((await verdictOn(tamper(ours.events)))?.message).toMatch(says)
  })

  it.each(Object.entries(tampering))("names %s in an export", (_, { with: tamper, says }) => {
    const lines = linesOf(tamper(ours.events))
    const { status, says: said } = offline(lines)
    expect(status).toBe(1)
    expect(said).toMatch(says)
  })

  it("names a ledger that was rewritten behind its first event and signed by another key", async () => {
    const rewritten = await rewrittenLedger()
    const vouched = { key: parseVerifierKey(ours.key), checkpoints: [] }
    const { wrong } = await verify(rewritten.ledger, vouched, () => {}, forever)
    expect(wrong?.message).toMatch(/the checkpoint at position 9 is not signed by the key fleet-ledger\//)
    expect(offline(rewritten.lines).says).toMatch(
      /^NO: the event at position 9 is not signed by the key fleet-ledger\//,
    )
    const anyKey = await verify(
      rewritten.ledger,
      { checkpoints: [{ where: "kept", note: ours.kept }] },
      () => {},
      forever,
    )
    expect(anyKey.wrong?.message).toMatch(/kept vouches for \d+ events: its tail is cut/)
  })

  it("names a checkpoint of another ledger, and an export of one", async () => {
    expect((await verdictOn(ours.events, others.kept))?.message).toMatch(/is of another ledger/)
    expect(offline(ours.lines, { key: ours.key, kept: others.kept }).says).toMatch(/^NO: .*different ledgers/)
    expect(offline(others.lines).says).toMatch(/^NO: this is an export of fleet-ledger\//)
    // Under our ledger's name.
    const [ourName, otherName] = [ours, others].map(({ kept }) => kept.split("\n")[0] as string) as [string, string]
    const renamed = others.lines.map((line) => line.replaceAll(otherName, ourName))
    expect(offline(renamed).says).toMatch(/^NO: /)
  })

  it("names an altered checkpoint", async () => {
    const altered = ours.kept.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) - 1}\n`)
    expect((await verdictOn(ours.events, altered))?.message).toMatch(
      /checkpoint that was kept is not signed by the key/,
    )
    expect(offline(ours.lines, { key: ours.key, kept: altered }).says).toMatch(
      /^NO: the checkpoint that was kept is not signed by the key/,
    )
  })

  it.each([
    ["that is empty", () => [], /has no last line/],
    ["that is cut off", (lines: readonly string[]) => lines.slice(0, -1), /has no last line/],
    [
      "with half a line",
      (lines: readonly string[]) => [...lines.slice(0, 9), lines[9]?.slice(0, 99) ?? ""],
      /position 8 is not JSON/,
    ],
    ["whose first line is missing", (lines: readonly string[]) => lines.slice(1), /first line does not begin/],
    [
      "with something behind its end",
      (lines: readonly string[]) => [...lines, lines[3] ?? ""],
      /follows the export's end/,
    ],
    [
      "with a line twice",
      (lines: readonly string[]) => [...lines.slice(0, 9), ...lines.slice(8)],
      /position 8 is gone/,
    ],
  ] as const)("names an export %s", (_, spoil, says) => {
    const { status, says: said } = offline(spoil(ours.lines))
    expect([status, said]).toEqual([1, expect.stringMatching(says)])
  })

  it("is called wrongly without a key, or with one that is none", () => {
    const run = (...args: string[]) => spawnSync(process.execPath, ["dist/src/ledger/proof/verify-export.js", ...args])
    expect(run("export.ndjson").status).toBe(2)
    expect(offline(ours.lines, { key: "no key", kept: ours.kept }).says).toMatch(/^NO: the key is not a verifier key/)
  })
})

/** The lines of an export of these events, as whoever tampered with it would write them: what is promised at its begin and end stays. */
function linesOf(events: readonly StoredEvent[]): string[] {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
  const [first, last] = [ours.lines[0] as string, ours.lines.at(-1) as string]
  const size = ours.lines.length - 2
  const { source } = JSON.parse(first) as { source: string }
  const lines = events.slice(0, size).map(({ position, head, data, seal, leaf }) => {
    const { id, type, stream: subject, recordedAt: time } = JSON.parse(head) as Record<string, string>
    const salt = "salt" in seal ? text(seal.salt) : undefined
    return JSON.stringify({
      source,
      id,
      type,
      subject,
      time,
      position,
      data: JSON.parse(data) as object,
      head,
      salt,
      leaf: text(leaf),
    })
  })
  return [first, ...lines, last]
}

/** The first event as it was, the rest as the forger wants it, sealed by a key of the forger's own. */
async function rewrittenLedger(): Promise<{ ledger: Ledger; lines: string[] }> {
  const folder = await tempFolder()
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"))
  await ledger.adopt(ours.events.slice(0, 1))
  await ledger.append(stream("target-1"), 0, changes(8, "what never was"), "forge")
  const { note, size } = await new Sealer(ledger, keyFolder(path.join(folder, "keys")), systemClock).seal()
  await ledger.append(stream("target-1"), 8, changes(8, "more of it"), "forge more")
  const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), systemClock)
  const later = await sealer.seal()
  expect(later.size).toBeGreaterThan(size)
  expect(note).not.toBe(later.note)
  const lines: string[] = []
  for await (const line of exportLines(ledger, { from: 0, to: later.size - 1, note: later.note }, forever))
    lines.push(JSON.stringify(line))
  return { ledger, lines }
}
