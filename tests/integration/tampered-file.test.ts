/**
 * The tamper drill on the ledger's file itself: its rows, columns and stored tree, changed past the triggers, as a beginner would and as one who makes leaves,
 * tree and checkpoints anew. Verifying names the first thing that is wrong, whatever stands there, and never fails itself.
 */
import * as crypto from "node:crypto"
import { FleetError } from "#kernel/errors.js"
import type { Ledger } from "#ledger/port.js"
import { originOf } from "#ledger/proof/checkpoint.js"
import { signNote, signerOf } from "#ledger/proof/note.js"
import { verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changed, stream } from "#tests/support/sample-events.js"
import { eventCount, sealedAt, sealedLedger, verdictOn } from "#tests/support/sealed-ledger.js"
import {
  type Tampering,
  flip,
  rehashed,
  releafed,
  renumbered,
  replace,
  shift,
  run,
  tamper,
} from "#tests/support/tampering.js"
import { describe, expect, it, onTestFinished } from "vitest"

const [first = 0, second = 0, third = 0, last = 0] = sealedAt
const theirs = crypto.generateKeyPairSync("ed25519").privateKey
const signedByThem = rehashed((origin) => signerOf(origin, theirs))
const because = "its leaf is not that of its envelope and payload"
const betweenFirstTwo = `something between position ${first} and ${second - 1} was changed`

/** Swaps two events, columns and all but their place. */
const swap = (a: number, b: number): Tampering =>
  run(
    `UPDATE events SET position = -1 WHERE position = ${a}`,
    `UPDATE events SET position = ${a} WHERE position = ${b}`,
    `UPDATE events SET position = ${b} WHERE position = -1`,
  )
const remove = (...positions: number[]) => run(`DELETE FROM events WHERE position IN (${positions.join()})`)
/** Takes an event out and closes the ranks behind it. */
const takeOut = (position: number): Tampering[] => [remove(position), shift(position + 1, -1)]
/** Puts a copy of an event, with another value, behind it. */
const putIn = (position: number): Tampering[] => [
  shift(position + 1, 1),
  run(
    `INSERT INTO events (position, stream_no, revision, type_no, recorded_at, head, data, salt, leaf)
     SELECT position + 1, stream_no, (SELECT max(revision) + 1 FROM events), type_no, recorded_at,
       replace(head, '"id":"', '"id":"f'), replace(data, '/', '-'), salt, randomblob(32) FROM events WHERE position = ${position}`,
  ),
]
const redact =
  (position: number): Tampering =>
  (db) => {
    const row = db.prepare("SELECT salt, data FROM events WHERE position = ?").get(position) as {
      salt: Buffer
      data: string
    }
    const hash = crypto.createHash("sha256").update(row.salt).update(row.data).digest()
    db.prepare("UPDATE events SET data = '{}', salt = NULL, data_hash = ? WHERE position = ?").run(hash, position)
  }

it("is found wrong where a payload was taken away in silence, though the ledger grows meanwhile", async () => {
  const { file } = await sealedLedger()
  tamper(file, redact(200))
  const ledger = openSqliteLedger(file)
  onTestFinished(() => ledger.close())
  let grown = 0
  const head = async () => {
    if (grown < 20) await ledger.append(stream("target-c"), grown - 1, [changed(grown)], `more ${grown++}`)
    return ledger.head()
  }
  const growing = Object.create(ledger, { head: { value: head } }) as Ledger
  const { wrong } = await verify(growing, { checkpoints: [] }, () => {}, new AbortController().signal)
  expect(wrong?.position).toBe(200)
  expect(grown).toBeLessThan(5)
})

describe("a ledger that fails while it is verified", () => {
  it.each(["nodes", "fault", "readStored"] as const)("says so, and is not found wrong (%s)", async (name) => {
    const { file, key } = await sealedLedger()
    const ledger = openSqliteLedger(file)
    onTestFinished(() => ledger.close())
    const unavailable = async () => {
      throw new FleetError("StoreUnavailable", "the disk did not do what it was asked")
    }
    const failing = new Proxy(ledger, {
      get: (target, asked) => {
        const value: unknown = asked === name ? unavailable : Reflect.get(target, asked)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
    const verifying = verify(failing, { key, checkpoints: [] }, () => {}, new AbortController().signal)
    await expect(verifying).rejects.toThrow("the disk did not do what it was asked")
  })
})

describe("a ledger that nobody touched", () => {
  it("is the one that was signed", async () => {
    const { file, key, kept } = await sealedLedger()
    const checkpoints = kept.map((note, index) => ({ where: `note ${index}`, note }))
    const verdict = await verdictOn(file, { key, checkpoints })
    expect(verdict).toMatchObject({ wrong: null, events: eventCount, redacted: 0, checkpoints: 2 * kept.length })
  })

  it("is in order without a key or a checkpoint too", async () => {
    const { file } = await sealedLedger()
    expect((await verdictOn(file)).wrong).toBeNull()
  })
})

interface Case {
  readonly what: string
  readonly done: readonly Tampering[]
  readonly at: number | null
  readonly says: string
}

const beginners: readonly Case[] = [
  {
    what: "a bit of a payload",
    done: [flip("data", 200, 40)],
    at: 200,
    says: `the event at position 200 was changed: ${because}`,
  },
  {
    what: "a bit of a payload that makes it no text any more",
    done: [flip("data", 200, 40, 7)],
    at: 200,
    says: `the event at position 200 was changed: ${because}`,
  },
  {
    what: "a bit of an envelope",
    done: [flip("head", 201, 10)],
    at: 201,
    says: `the event at position 201 was changed: ${because}`,
  },
  {
    what: "a bit of the first byte of an envelope",
    done: [flip("head", 201, 0)],
    at: 201,
    says: "the event at position 201 is damaged: its envelope cannot be read",
  },
  {
    what: "a bit of a salt",
    done: [flip("salt", 202, 3)],
    at: 202,
    says: `the event at position 202 was changed: ${because}`,
  },
  {
    what: "a bit of a leaf",
    done: [flip("leaf", 203, 31)],
    at: 203,
    says: `the event at position 203 was changed: ${because}`,
  },
  {
    what: "a bit in the first event",
    done: [flip("data", 0, 40)],
    at: 0,
    says: `the event at position 0 was changed: ${because}`,
  },
  {
    what: "a bit in the last event",
    done: [flip("data", last, 20)],
    at: last,
    says: `the event at position ${last} was changed: ${because}`,
  },
  { what: "an event that is taken out", done: [remove(200)], at: 200, says: "the event at position 200 is gone" },
  { what: "the first event, taken out", done: [remove(0)], at: 0, says: "the event at position 0 is gone" },
  {
    what: "an event that is taken out, with the ranks closed",
    done: takeOut(200),
    at: 205,
    says: "the event at position 205 is number 100 of target-b, where number 99 belongs: an event was taken out, put in or moved",
  },
  {
    what: "the first event of a stream that is taken out",
    done: takeOut(5),
    at: 5,
    says: "the event at position 5 is number 1 of target-b, where number 0 belongs: an event was taken out, put in or moved",
  },
  {
    what: "two events of a stream that are swapped",
    done: [swap(196, 197)],
    at: 196,
    says: "the event at position 196 is number 96 of target-b, where number 95 belongs: an event was taken out, put in or moved",
  },
  {
    what: "two events of different streams that are swapped",
    done: [swap(200, 201)],
    at: 0,
    says: "something between position 0 and 255 was changed or moved: the tree over it is another",
  },
  {
    what: "an event that is put in",
    done: putIn(200),
    at: 201,
    says: `the event at position 201 was changed: ${because}`,
  },
  {
    what: "a tail that is cut",
    done: [run("DELETE FROM events WHERE position >= 500")],
    at: 500,
    says: `the ledger ends before position 500, but the checkpoint that was kept vouches for ${last} events: its tail is cut`,
  },
  {
    what: "a tail that is cut at a checkpoint",
    done: [run(`DELETE FROM events WHERE position > ${third}`)],
    at: third + 1,
    says: `the ledger ends before position ${third + 1}, but the checkpoint that was kept vouches for ${last} events: its tail is cut`,
  },
  {
    what: "the note of a checkpoint",
    done: [replace("data", second, `\\n${second}\\n`, `\\n${second - 1}\\n`)],
    at: second,
    says: `the event at position ${second} was changed: ${because}`,
  },
  {
    what: "a payload that is taken away in silence",
    done: [redact(200)],
    at: 200,
    says: "the payload at position 200 was taken away, and no DataRedacted says so",
  },
  {
    what: "the first payload, taken away in silence",
    done: [redact(0)],
    at: 0,
    says: "the payload at position 0 was taken away, and no DataRedacted says so",
  },
  {
    what: "a hash of the stored tree",
    done: [run("UPDATE subtrees SET hash = zeroblob(32) WHERE level = 8 AND no = 1")],
    at: 256,
    says: "something between position 256 and 511 was changed or moved: the tree over it is another",
  },
  {
    what: "a hash of the stored tree that is taken out",
    done: [run("DELETE FROM subtrees WHERE level = 9")],
    at: 0,
    says: "something between position 0 and 511 was changed or moved: the tree over it is another",
  },
]

const experts: readonly Case[] = [
  {
    what: "a payload with its leaf",
    done: [flip("data", 200, 40), releafed(200)],
    at: 0,
    says: "something between position 0 and 255 was changed or moved: the tree over it is another",
  },
  {
    what: "a payload with the whole tree",
    done: [flip("data", 200, 40), rehashed()],
    at: first,
    says: `the checkpoint at position ${second} vouches for ${second} events that are not these: ${betweenFirstTwo}`,
  },
  {
    what: "an envelope with the whole tree",
    done: [replace("head", 200, "discovery", "operator"), rehashed()],
    at: first,
    says: `the checkpoint at position ${second} vouches for ${second} events that are not these: ${betweenFirstTwo}`,
  },
  {
    what: "two events of different streams, swapped with the whole tree",
    done: [swap(200, 201), rehashed()],
    at: first,
    says: `the checkpoint at position ${second} vouches for ${second} events that are not these: ${betweenFirstTwo}`,
  },
  {
    what: "an event that is taken out without a trace",
    done: [...takeOut(200), renumbered, rehashed()],
    at: second - 1,
    says: `the checkpoint at position ${second - 1} vouches for ${second} events, which is not what was there when it was made`,
  },
  {
    what: "an event that is put in without a trace",
    done: [...putIn(200), renumbered, rehashed()],
    at: first,
    says: `the checkpoint at position ${second + 1} vouches for ${second} events that are not these: ${betweenFirstTwo}`,
  },
  {
    what: "a payload with the whole tree and every checkpoint, signed with a key of their own",
    done: [flip("data", 200, 40), signedByThem],
    at: first,
    says: `the checkpoint at position ${first} is not signed by the key `,
  },
  {
    what: "an event behind the last checkpoint but one, with the tree and no checkpoint behind it",
    done: [remove(last), replace("data", 500, "3/", "9/"), rehashed()],
    at: third,
    says: `the checkpoint that was kept vouches for ${last} events that are not these: something between position ${third} and ${last - 1} was changed`,
  },
  {
    what: "an event that is recorded before the one in front of it",
    done: [replace("head", 400, `"recordedAt":"2026`, `"recordedAt":"2025`), rehashed()],
    at: 400,
    says: "the event at position 400 was recorded before the one in front of it: events were moved",
  },
  {
    what: "an event's time, where reads look for it",
    done: [run("UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 400")],
    at: 400,
    says: "the event at position 400 is not found by what its envelope says: the stream, revision, type or time beside it was changed",
  },
  {
    what: "an event's type, where reads look for it",
    done: [run("UPDATE events SET type_no = (SELECT max(no) FROM types) WHERE position = 400")],
    at: 400,
    says: "the event at position 400 is not found by what its envelope says: the stream, revision, type or time beside it was changed",
  },
  {
    what: "a stream's name",
    done: [
      run("UPDATE streams SET name = 'target-other' WHERE no = (SELECT stream_no FROM events WHERE position = 400)"),
    ],
    at: 5,
    says: "is not found by what its envelope says",
  },
  {
    what: "an event in front of the first",
    done: [
      run(
        `INSERT INTO events (position, stream_no, revision, type_no, recorded_at, head, data, salt, leaf)
         SELECT -5, stream_no, 100000, type_no, recorded_at, head, data, salt, leaf FROM events WHERE position = 400`,
      ),
    ],
    at: -5,
    says: "there is an event at position -5, in front of the first",
  },
  {
    what: "an envelope that is JSON and no object",
    done: [run("UPDATE events SET head = 'null' WHERE position = 200"), rehashed()],
    at: 200,
    says: "the event at position 200 is damaged: its envelope cannot be read",
  },
  {
    what: "an envelope that is an empty object",
    done: [run("UPDATE events SET head = '{}' WHERE position = 200"), rehashed()],
    at: 200,
    says: "the event at position 200 is damaged: its envelope cannot be read",
  },
  {
    what: "a checkpoint whose note is none",
    done: [replace("data", first, "— ", "- "), rehashed()],
    at: first,
    says: `the checkpoint at position ${first} is no signed note`,
  },
  {
    what: "a checkpoint that is no JSON",
    done: [run(`UPDATE events SET data = 'no' WHERE position = ${first}`), rehashed()],
    at: first,
    says: `the checkpoint at position ${first} `,
  },
  {
    what: "a checkpoint whose payload is null",
    done: [run(`UPDATE events SET data = 'null' WHERE position = ${first}`), rehashed()],
    at: first,
    says: `the checkpoint at position ${first} `,
  },
  {
    what: "a redaction that names nothing",
    done: [
      replace("head", first, "LedgerCheckpointed", "DataRedacted"),
      run(`UPDATE events SET data = '{"positions":7}' WHERE position = ${first}`),
      rehashed(),
    ],
    at: first,
    says: `the redaction at position ${first} names no positions`,
  },
]

/** What is wrong, to whoever has the key and the newest checkpoint. */
async function wrongAfter(done: readonly Tampering[]) {
  const { file, key, kept } = await sealedLedger()
  tamper(file, ...done)
  const checkpoints = [{ where: "the checkpoint that was kept", note: kept.at(-1) ?? "" }]
  return (await verdictOn(file, { key, checkpoints })).wrong
}

describe("verifying names what a beginner changed:", () => {
  it.each(beginners)("$what", async ({ done, at, says }) => {
    expect(await wrongAfter(done)).toMatchObject({ position: at, message: expect.stringContaining(says) })
  })
})

describe("verifying names what an expert changed:", () => {
  it.each(experts)("$what", async ({ done, at, says }) => {
    expect(await wrongAfter(done)).toMatchObject({ position: at, message: expect.stringContaining(says) })
  })
})

describe("a ledger that was written anew from its first event on", () => {
  it("by another signer is not signed by the key that is known", async () => {
    const { file, key, kept } = await sealedLedger()
    tamper(file, replace("data", 0, "end no line", "end a line"), signedByThem)
    const checkpoints = [{ where: "the checkpoint that was kept", note: kept.at(-1) ?? "" }]
    expect((await verdictOn(file, { key, checkpoints })).wrong).toMatchObject({
      position: null,
      message: expect.stringMatching(
        /^the checkpoint that was kept is of another ledger: it says fleet-ledger\/[0-9a-f]{32}, this one is /,
      ),
    })
    expect((await verdictOn(file, { key })).wrong).toMatchObject({
      position: first,
      message: `the checkpoint at position ${first} is not signed by the key ${key.text}`,
    })
  })

  it("but its first is what the signer signed, until a checkpoint says other", async () => {
    const { file, kept } = await sealedLedger()
    tamper(file, replace("data", 5, "0/1/0", "9/9/9"), signedByThem)
    const checkpoints = [{ where: "the checkpoint that was kept", note: kept[0] ?? "" }]
    // Whoever knows neither key nor checkpoint cannot tell.
    expect((await verdictOn(file)).wrong).toBeNull()
    expect((await verdictOn(file, { checkpoints })).wrong).toMatchObject({
      position: 0,
      message: expect.stringContaining(`the checkpoint that was kept vouches for ${first} events that are not these`),
    })
  })

  it("may hand over to a key of their own, but only in the name of the one before", async () => {
    const { file, key } = await sealedLedger()
    const forged = (origin: string) =>
      signNote(`fleet-ledger signing key\n${origin}\n${signerOf(origin, theirs).text}\n`, [signerOf(origin, theirs)])
    tamper(
      file,
      (db) => {
        const leaf = db.prepare<[], Buffer>("SELECT leaf FROM events WHERE position = 0").pluck().get() as Buffer
        const note = forged(originOf(leaf))
        db.prepare(
          "UPDATE events SET head = replace(head, 'LedgerCheckpointed', 'SigningKeyRotated'), data = ? WHERE position = ?",
        ).run(JSON.stringify({ note }), first)
      },
      signedByThem,
    )
    expect((await verdictOn(file, { key })).wrong).toMatchObject({
      position: first,
      message: `the rotation at position ${first} is not signed by the key ${key.text}`,
    })
  })
})

describe("a checkpoint that was kept", () => {
  const notSigned = (where: string, key: string) => ({
    position: null,
    message: `${where} is not signed by the key ${key}`,
  })
  const where = "the checkpoint that was kept"

  it("from another ledger says nothing of this one", async () => {
    const [{ file, key }, { kept }] = [await sealedLedger(), await sealedLedger("another")]
    const { wrong } = await verdictOn(file, { key, checkpoints: [{ where, note: kept[0] ?? "" }] })
    expect(wrong).toMatchObject({ position: null, message: expect.stringContaining(`${where} is of another ledger`) })
  })

  it("that was altered is not signed, and is what is wrong", async () => {
    const { file, key, kept } = await sealedLedger()
    const [note = ""] = kept
    const [origin = "", size = "", root = ""] = note.split("\n")
    const anotherRoot = `${root.startsWith("A") ? "B" : "A"}${root.slice(1)}`
    for (const altered of [note.replace(root, anotherRoot), note.replace(`\n${size}\n`, "\n140\n")]) {
      const { wrong } = await verdictOn(file, { key, checkpoints: [{ where, note: altered }] })
      expect(wrong).toStrictEqual(notSigned(where, key.text))
    }
    const elsewhere = note.replace(origin, `${origin.slice(0, -1)}x`)
    const { wrong } = await verdictOn(file, { key, checkpoints: [{ where, note: elsewhere }] })
    expect(wrong?.message).toContain("of another ledger")
  })

  it("that is none is what is wrong", async () => {
    const { file, key, kept } = await sealedLedger()
    const [note = ""] = kept
    for (const none of ["", "a note", note.split("\n\n")[0] ?? ""]) {
      const { wrong } = await verdictOn(file, { key, checkpoints: [{ where, note: none }] })
      expect(wrong).toStrictEqual({ position: null, message: `${where} is no signed note` })
    }
    const signed = signNote("some text\n", [signerOf(key.name, theirs)])
    const { wrong } = await verdictOn(file, { key, checkpoints: [{ where, note: signed }] })
    expect(wrong).toStrictEqual({ position: null, message: `${where} is not a checkpoint` })
  })
})
