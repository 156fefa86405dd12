/** A caller can tell what is his, what passes, and what is ours. */
import { type ErrorCode, FleetError, bug, isErrorCode, messageOf } from "#kernel/errors.js"
import { describe, expect, it } from "vitest"

/** What each code means to whoever gets it: doors, programs and people go by that, so it is written down twice. */
const kinds = {
  input: ["InvalidInput", "InvalidConfig", "InvalidPoint", "InvalidQuery", "SchemaViolation", "Ambiguous"],
  missing: ["NotFound"],
  denied: ["Unauthorized", "Forbidden", "HostKeyUnknown", "HostKeyChanged", "HostKeyRevoked"],
  conflict: ["RevisionConflict", "EventIdReused", "AlreadyRunning", "Cancelled"],
  limited: ["RateLimited"],
  unavailable: ["StoreUnavailable", "ArchiveUnavailable", "ViewsBehind", "SourceUnavailable", "FolderInUse"],
  data: ["NewerVersion", "UnknownEventType", "LedgerForked", "StoreDamaged"],
} as const satisfies Record<string, readonly ErrorCode[]>

describe("an expected failure", () => {
  it.each(Object.entries(kinds))(
    "is of the kind %s by its code, and may pass only when it is not now or too much",
    (kind, codes) => {
      for (const code of codes) {
        const error = new FleetError(code, "why")
        expect([error.kind, error.retryable]).toStrictEqual([kind, kind === "unavailable" || kind === "limited"])
        expect(isErrorCode(code)).toBe(true)
      }
    },
  )

  it("says why, for people and programs, and because of what", () => {
    const cause = new Error("EIO")
    const error = new FleetError("StoreUnavailable", "the disk is ill", { details: { file: "ledger.db" }, cause })
    expect(error).toMatchObject({
      name: "FleetError",
      message: "the disk is ill",
      details: { file: "ledger.db" },
      cause,
    })
    expect(new FleetError("NotFound", "none").details).toStrictEqual({})
    expect("cause" in new FleetError("NotFound", "none")).toBe(false)
  })
})

describe("a code", () => {
  it.each(["", "Nothing", "toString", "__proto__", "notfound"])("is not %j", (code) => {
    expect(isErrorCode(code)).toBe(false)
  })
})

describe("whatever is thrown", () => {
  it("has a message", () => {
    expect(messageOf(new Error("why"))).toBe("why")
    expect(messageOf("why")).toBe("why")
    expect(messageOf(undefined)).toBe("undefined")
  })

  it("says so when it is ours to mend", () => {
    expect(bug("no name").message).toBe("bug: no name")
    expect(bug("no name")).not.toBeInstanceOf(FleetError)
  })
})
