/** What is not an event of the catalog, in plain JSON and of bounded size, is refused before anything is written. */
import type { NewEvent } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Json } from "#kernel/json.js"
import { maxBatch, maxEventBytes, noStream } from "#ledger/port.js"
import { carried, changed, changes, payloads, sample, stream } from "#tests/support/sample-events.js"
import { describe, expect, it } from "vitest"
import { type OpenEngine, everything, fresh, refused } from "./fresh.js"

const one = stream("target-1")

/** A text of so many bytes, which are not its characters. */
const text = (bytes: number) => "é".repeat(Math.floor(bytes / 2)) + "e".repeat(bytes % 2)

/** Values that JavaScript has and JSON has not. */
const notJson: Readonly<Record<string, unknown>> = {
  "a BigInt": 1n,
  NaN: Number.NaN,
  Infinity: Number.NEGATIVE_INFINITY,
  undefined: undefined,
  "a lone surrogate": "half \ud83d of a pair",
  "a Date": new Date(0),
  "a Map": new Map([["key", "value"]]),
  "a Set": new Set([1]),
  "a function": () => 1,
  "a symbol": Symbol("s"),
  "a class instance": new URL("file:///"),
  bytes: Uint8Array.of(1),
}

export function refusing(open: OpenEngine): void {
  /** A ledger in use, and what it says to one bad event between two good ones. */
  const refusalOfOne = async (bad: unknown, name = one) => {
    const { ledger } = await fresh(open)
    await ledger.append(stream("target-0"), noStream, changes(2), "before")
    return refused(ledger, () => ledger.append(name, noStream, [changed(1), bad as NewEvent, changed(3)], "run"))
  }

  it.each(Object.entries(notJson))("refuses %s, naming the field", async (_, value) => {
    const error = await refusalOfOne(changed({ fields: [0, value] } as unknown as Json))
    expect(error).toMatchObject({ code: "SchemaViolation", kind: "input" })
    expect(error.details["path"]).toBe("/patch/0/value/fields/1")
    expect(error.message).toContain("/patch/0/value/fields/1")
  })

  it("refuses undefined for a field that may be missing, naming it", async () => {
    const document = { lifecycle: "observed", os: { kernel: undefined } }
    const error = await refusalOfOne({
      ...sample("TargetDiscovered"),
      data: { ...payloads.TargetDiscovered, document },
    })
    expect(error).toMatchObject({ code: "SchemaViolation", details: { path: "/document/os/kernel" } })
  })

  it("refuses a lone surrogate in a member's name", async () => {
    expect((await refusalOfOne(changed({ "half \ude00": 1 }))).code).toBe("SchemaViolation")
  })

  it.each([200, 100_000])("refuses a value nested %i deep", async (depth) => {
    let value: Json = "core"
    for (let level = 0; level < depth; level++) value = [value]
    expect((await refusalOfOne(changed(value))).code).toBe("SchemaViolation")
  })

  it("refuses a value that contains itself", async () => {
    const value: Record<string, unknown> = {}
    value["self"] = value
    expect((await refusalOfOne(changed(value as Json))).code).toBe("SchemaViolation")
  })

  it.each(["TargetExploded", "targetChanged", "constructor", "__proto__", ""])(
    "refuses the unknown type %j",
    async (type) => {
      expect((await refusalOfOne({ ...changed(1), type })).code).toBe("UnknownEventType")
    },
  )

  it("refuses a payload that is not its type's, naming the field", async () => {
    const wrong = { facet: "os", patch: [{ op: "add", path: 7, value: 1 }] }
    const error = await refusalOfOne({ ...changed(1), data: wrong })
    expect(error).toMatchObject({ code: "SchemaViolation", details: { path: "/patch/0/path" } })
    expect(error.message).toContain("TargetChanged")
    expect((await refusalOfOne({ ...changed(1), data: { ...changed(1).data, more: 1 } })).message).toContain("more")
  })

  it("refuses a change that changes nothing", async () => {
    const error = await refusalOfOne({ ...changed(1), data: { facet: "os", patch: [] } })
    expect(error).toMatchObject({ code: "SchemaViolation", details: { path: "/patch" } })
  })

  it.each(["service-1", "source-here", "policy", "targets-1", "tar-get"])(
    "refuses a target's event on %s",
    async (name) => {
      const error = await refusalOfOne(changed(2), stream(name))
      expect(error.code).toBe("SchemaViolation")
      expect(error.message).toBe(`TargetChanged belongs on a stream of the family "target", not on "${name}"`)
    },
  )

  it.each(["", "target-", "Target-1", "target 1", "target-ü", "target-1\n", "target-a/b", "-1", "1"])(
    "refuses %j for a stream's name",
    async (name) => {
      const error = await refusalOfOne(changed(2), stream(name))
      expect([error.code, error.message]).toStrictEqual(["SchemaViolation", `"${name}" is not the name of a stream`])
    },
  )

  it.each([
    ["without an actor", { source: "here" }, "wrong metadata at /actor: "],
    ["with a field nobody knows", { actor: "discovery", mood: "good" }, "mood"],
    ["with a run that is no UUID", { actor: "discovery", runId: "7" }, "wrong metadata at /runId: "],
    ["with a lone surrogate", { actor: "discovery", reason: "\udc00" }, "reason"],
    ["with undefined", { actor: "discovery", reason: undefined }, "reason"],
    ["that is missing", undefined, "wrong metadata at /: "],
  ])("refuses metadata %s, naming the field", async (_, wrong, named) => {
    const { code, message } = await refusalOfOne({ ...changed(2), metadata: wrong })
    expect([code, message]).toStrictEqual(["SchemaViolation", expect.stringContaining(named)])
  })

  describe("refuses a time that is", () => {
    it.each([
      ["not in UTC", "2026-11-23T14:00:00.000+01:00"],
      ["without milliseconds", "2026-11-23T14:00:00Z"],
      ["a date", "2026-11-23"],
      ["no day of its month", "2026-02-31T14:00:00.000Z"],
      ["no time of day", "2026-11-23T25:00:00.000Z"],
      ["missing", undefined],
      ["a number", 1_795_442_400_000],
    ])("%s", async (_, time) => {
      const saying = (what: string) => ({
        code: "SchemaViolation",
        message: `TargetChanged ${what}; times are UTC with milliseconds, like 2026-11-23T14:00:00.000Z`,
      })
      expect(await refusalOfOne({ ...changed(2), observedAt: time })).toMatchObject(saying(`observedAt is "${time}"`))
      const occurredAt = time ?? null
      expect(await refusalOfOne({ ...changed(2), occurredAt })).toMatchObject(saying(`occurredAt is "${occurredAt}"`))
    })
  })

  it.each([-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses %d for a revision", async (revision) => {
    const { ledger } = await fresh(open)
    const error = await refused(ledger, () => ledger.append(one, revision, changes(1), "run"))
    expect(error.code).toBe("SchemaViolation")
    expect(error.message).toBe(`the expected revision is ${revision}; allowed are -1 (no stream) and up`)
  })

  it("refuses an append without a command", async () => {
    const { ledger } = await fresh(open)
    const error = await refused(ledger, () => ledger.append(one, noStream, changes(1), ""))
    expect([error.code, error.message]).toStrictEqual(["SchemaViolation", expect.stringContaining("needs a command")])
  })

  it("refuses one event more than an append may have, and says how many that is", async () => {
    const { ledger } = await fresh(open)
    const error = await refused(ledger, () => ledger.append(one, noStream, changes(maxBatch + 1), "run"))
    expect(error.code).toBe("SchemaViolation")
    expect(error.message).toContain(`an append of ${maxBatch + 1} events is over the limit of ${maxBatch}`)
  })

  it("takes an event of as many bytes as it may have, and refuses one more", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, [changed("")], "measure")
    const { position: _, data, ...envelope } = (await everything(ledger))[0]!
    const room = maxEventBytes - Buffer.byteLength(canonicalJson(data)) - Buffer.byteLength(canonicalJson(envelope))
    const error = await refused(ledger, () => ledger.append(one, 0, [changed(text(room + 1))], "run"))
    expect(error.code).toBe("SchemaViolation")
    expect(error.message).toBe(`TargetChanged number 0 has ${maxEventBytes + 1} bytes; the limit is ${maxEventBytes}`)
    await ledger.append(one, 0, [changed(text(room))], "run")
    expect(carried((await everything(ledger))[1])).toBe(text(room))
  })

  it("lets what was refused take nothing with it that was sent at the same time", async () => {
    const { ledger } = await fresh(open)
    const outcomes = await Promise.allSettled([
      ledger.append(one, noStream, [changed("first")], "a"),
      ledger.append(one, noStream, [changed("conflict")], "b"),
      ledger.append(one, 0, [changed(Number.NaN)], "c"),
      ledger.append(one, 0, [changed("second")], "d"),
    ])
    expect(outcomes.map(({ status }) => status)).toStrictEqual(["fulfilled", "rejected", "rejected", "fulfilled"])
    const stored = await everything(ledger)
    expect(stored.map((event) => [event.position, event.revision, carried(event)])).toStrictEqual([
      [0, 0, "first"],
      [1, 1, "second"],
    ])
  })
}
