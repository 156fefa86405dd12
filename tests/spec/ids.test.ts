/** Ids are derived by RFC 9562, so that what is found again is called the same, here and by any other program that knows how. */
import {
  type EventId,
  type StreamName,
  alertId,
  baselineId,
  checkId,
  contentId,
  eventId,
  newRunId,
  recordId,
} from "#kernel/ids.js"
import { createHash } from "node:crypto"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** RFC 9562 §5.5, by the letter. */
function uuidv5(namespace: string, name: string): string {
  const bytes = createHash("sha1").update(Buffer.from(namespace, "hex")).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/u, "$1-$2-$3-$4-")
}

const [stream, cause] = ["target-1" as StreamName, "c" as EventId]

describe("an id", () => {
  it("is the UUID of a name in the namespace of its kind, which never changes", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 600 })
    fc.assert(
      fc.property(text, text, fc.nat(), (a, b, n) => {
        const event = "7c1e0f5a1d7b4b8e8f0a5b0a4f4f9d02"
        expect(recordId(a, "vm", b, n)).toBe(uuidv5("0b9d5c2e6a0f4a3b9a553d3d2f6f4c01", `${a}\nvm\n${b}\n${n}`))
        expect(eventId(stream, n, a, n)).toBe(uuidv5(event, `target-1\n${n}\n${a}\n${n}`))
        expect(alertId(a, b, cause)).toBe(uuidv5("ec7be5b9f989406e90323108aed0d16d", `${a}\n${b}\nc`))
        expect(contentId(a)).toBe(uuidv5("4c7df0a2c9f54d0f8b0fb1a51e6a7d05", a))
        expect(checkId(a, b)).toBe(uuidv5("9a3be0716c5d4f8aa1d4c27b5e0f6b08", `${a}\n${b}`))
        expect(baselineId(a)).toBe(uuidv5("c5e2f81b40d74a6d9b1e7f3308ad5c21", a))
      }),
    )
  })

  it("of a record is that of its first generation, and of a check that of no entity, unless said otherwise", () => {
    expect(recordId("lab", "vm", "100")).toBe(recordId("lab", "vm", "100", 0))
    expect(checkId("web", undefined)).toBe(checkId("web", ""))
  })

  it("of a name that is longer than any before is right too", () => {
    for (const length of [335, 336, 337, 10_000])
      expect(contentId("€".repeat(length))).toBe(uuidv5("4c7df0a2c9f54d0f8b0fb1a51e6a7d05", "€".repeat(length)))
  })

  it("of a run is another each time", () => {
    expect(newRunId()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u)
    expect(newRunId()).not.toBe(newRunId())
  })
})
