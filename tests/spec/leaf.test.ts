/** The bytes of an event are final: every proof ever given depends on them, so they are pinned here from outside. */
import Database from "better-sqlite3"
import * as crypto from "node:crypto"
import type { RecordedEvent } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { instant } from "#kernel/clock.js"
import type { EventId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import {
  type EnvelopeHead,
  dataHash,
  entryText,
  headIn,
  headText,
  leafHash,
  leafOf,
  saltBytes,
  stamped,
} from "#ledger/leaf.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { anyJson, anyText } from "#tests/support/any-json.js"
import { carried, changed, observedAt, stream } from "#tests/support/sample-events.js"
import { time } from "#tests/support/test-clock.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import canonicalize from "canonicalize"
import * as fc from "fast-check"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { everything } from "../contract/ledger/fresh.js"

const anyTime = fc
  .date({ min: new Date("0000-01-01T00:00:00.000Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => instant(date.getTime()))

const anyHead = fc.record(
  {
    id: fc.uuid({ version: 5 }).map((id) => id as EventId),
    stream: fc.stringMatching(/^[a-z]{1,8}-[A-Za-z0-9._-]{1,20}$/).map(stream),
    revision: fc.maxSafeNat(),
    type: fc.constantFrom("TargetChanged", "PolicyAdopted"),
    schemaVersion: fc.integer({ min: 1, max: 99 }),
    metadata: fc.dictionary(fc.constantFrom("actor", "source", "reason"), anyText),
    occurredAt: anyTime,
    observedAt: anyTime,
    recordedAt: anyTime,
  },
  { requiredKeys: ["id", "stream", "revision", "type", "schemaVersion", "metadata", "observedAt", "recordedAt"] },
) as fc.Arbitrary<EnvelopeHead>

const anySalt = fc.uint8Array({ minLength: saltBytes, maxLength: saltBytes })

/** The leaf as the documentation has it, computed with nothing of ours. */
function leafApart(head: EnvelopeHead, data: unknown, salt: Uint8Array): string {
  const hash = crypto
    .createHash("sha256")
    .update(salt)
    .update(Buffer.from(canonicalize(data)!, "utf8"))
  const entry = canonicalize({ ...head, dataHash: hash.digest("hex") })!
  const bytes = Buffer.concat([Buffer.from([0x00]), Buffer.from(entry, "utf8")])
  return crypto.createHash("sha256").update(bytes).digest("hex")
}

/** The envelope of an event without payload and position. */
function headOf(event: RecordedEvent): EnvelopeHead {
  const { position: _position, data: _data, ...head } = event
  return head as EnvelopeHead
}

describe("the head's text", () => {
  it("is the canonical JSON of the head", () => {
    fc.assert(
      fc.property(anyHead, (head) => {
        const { metadata, recordedAt, ...rest } = head
        expect(stamped(headText(rest, canonicalJson(metadata)), recordedAt)).toBe(canonicalJson(head))
      }),
      { numRuns: 500 },
    )
  })

  it("with the payload's hash in front is the canonical JSON of the entry", () => {
    fc.assert(
      fc.property(anyHead, anyJson, anySalt, (head, data, salt) => {
        const hash = dataHash(salt, canonicalJson(data))
        expect(entryText(canonicalJson(head), hash)).toBe(canonicalize({ ...head, dataHash: hash }))
      }),
    )
  })
})

describe("the leaf", () => {
  it("is what an auditor computes without any of our code", () => {
    fc.assert(
      fc.property(anyHead, anyJson, anySalt, (head, data, salt) => {
        expect(leafOf(head, data as JsonObject, salt).toString("hex")).toBe(leafApart(head, data, salt))
      }),
      { numRuns: 500 },
    )
  })

  it("commits to the payload, the salt and every member of the envelope", () => {
    fc.assert(
      fc.property(anyHead, anyHead, anySalt, anySalt, (a, b, salt, otherSalt) => {
        const leaf = leafOf(a, {}, salt).toString("hex")
        expect(leafOf(a, { more: 1 }, salt).toString("hex")).not.toBe(leaf)
        expect(leafOf(a, {}, otherSalt).toString("hex") === leaf).toBe(Buffer.from(salt).equals(otherSalt))
        for (const name of Object.keys(b) as (keyof EnvelopeHead)[]) {
          const other = { ...a, [name]: b[name] }
          expect(leafOf(other, {}, salt).toString("hex") === leaf).toBe(canonicalJson(other) === canonicalJson(a))
        }
      }),
    )
  })
})

describe("the fixed test vector", () => {
  const salt = Uint8Array.from({ length: 16 }, (_, index) => index)
  const data = {
    facet: "os",
    patch: [
      { op: "test", path: "/os/kernel", value: "6.1.0" },
      { op: "replace", path: "/os/kernel", value: '6.5.0 ü 😀 € "\\ \n' },
      { op: "add", path: "/os/z", value: { b: [1e21, 0.002, -5], a: null, "€": true } },
    ],
  }
  const { occurredAt, ...rest } = {
    id: "5d0b7c5e-3c1a-5b7e-9f53-6f1c8a2d4e01" as EventId,
    stream: stream("target-0b9d5c2e-6a0f-5a3b-9a55-3d3d2f6f4c01"),
    revision: 41,
    type: "TargetChanged",
    schemaVersion: 1,
    metadata: { actor: "discovery", runId: "7c1e0f5a-1d7b-4b8e-8f0a-5b0a4f4f9d02", source: "here", reason: "Grüße" },
    occurredAt: time("2026-11-23T13:58:59.001Z"),
    observedAt: time("2026-11-23T13:59:00.000Z"),
    recordedAt: time("2026-11-23T14:00:00.123Z"),
  }

  // Computed by another program in another language. Whoever has to change these has broken every proof there is.
  it("gives the payload's hash that it always gave", () => {
    expect(dataHash(salt, canonicalJson(data))).toBe("66bf9803d659f2a5a7e968acb03f098c5995a3deb6b87a8ac045925831212ee8")
  })

  it("gives the leaf that it always gave, with and without the time at which it happened", () => {
    expect(leafOf({ ...rest, occurredAt }, data, salt).toString("hex")).toBe(
      "4dd0516c727d808449161b9e84295c7bad1a3e6c86dd19277549d98d7ba5638c",
    )
    expect(leafOf(rest, data, salt).toString("hex")).toBe(
      "12d5a83045ae9523f73cdd95a20a89263c5b0e3d8601c62397a11c010bf8846a",
    )
  })
})

describe("a row in SQLite", () => {
  it("holds the texts whose leaf is that of the event as the port gives it", async () => {
    const file = path.join(await tempFolder(), "ledger.db")
    const ledger = openSqliteLedger(file)
    const values = fc.sample(anyJson, 100)
    const events = values.map((value, index) => changed(value, index % 2 === 0 ? {} : { occurredAt: observedAt }))
    await ledger.append(stream("target-1"), -1, events, "run/ü")
    const stored = await everything(ledger)
    await ledger.close()

    const db = new Database(file, { readonly: true })
    const rows = db
      .prepare<[], { head: string; data: string; salt: Buffer }>(
        "SELECT head, data, salt FROM events ORDER BY position",
      )
      .all()
    db.close()
    expect(rows).toHaveLength(stored.length)
    for (const [index, { head, data, salt }] of rows.entries()) {
      const event = stored[index]!
      const fromRow = leafHash(entryText(head, dataHash(salt, data))).toString("hex")
      expect(fromRow).toBe(leafOf(headOf(event), event.data as JsonObject, salt).toString("hex"))
      expect(fromRow).toBe(leafApart(headOf(event), event.data, salt))
      expect(canonicalize(carried(event))).toBe(canonicalize(values[index]))
    }
  })
})

describe("the hash of a payload", () => {
  it("is of the salt and the text, however long either is", () => {
    for (const [salt, text] of [
      [0, "{}"],
      [3, "short"],
      [16, "€".repeat(30_000)],
      [200_000, "{}"],
      [16, '{"a":1}'],
    ] as const) {
      const bytes = crypto.randomBytes(salt)
      expect(dataHash(bytes, text)).toBe(crypto.createHash("sha256").update(bytes).update(text).digest("hex"))
    }
  })
})

describe("the head in a text", () => {
  const head = { stream: "target-1", revision: 7, type: "TargetChanged", recordedAt: "2026-11-23T14:00:00.000Z" }

  it("is what the text says of stream, revision, type and time", () => {
    expect(headIn(JSON.stringify(head))).toStrictEqual(head)
  })

  it.each([
    "",
    "{",
    "null",
    "7",
    '"text"',
    "[]",
    "{}",
    ...Object.keys(head).flatMap((name) => [
      JSON.stringify({ ...head, [name]: undefined }),
      JSON.stringify({ ...head, [name]: [] }),
    ]),
    JSON.stringify({ ...head, revision: 1.5 }),
    JSON.stringify({ ...head, revision: "7" }),
  ])("is not in %s", (text) => {
    expect(headIn(text)).toBeUndefined()
  })
})
