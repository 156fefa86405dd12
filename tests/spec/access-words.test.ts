/** Whoever looks at who used what reads sentences, whatever kind of use it was. */
import type { RecordedEvent } from "#events/catalog.js"
import { accessOf, accessTypes } from "#timeline/access.js"
import { payloads } from "#tests/support/sample-events.js"
import { time } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

const recordedAt = time("2026-11-23T14:00:00.000Z")

const told = (type: string, data: object, reason?: string) =>
  accessOf({
    position: 7,
    recordedAt,
    type,
    data,
    metadata: { actor: "user:ada", ...(reason === undefined ? {} : { reason }) },
  } as unknown as RecordedEvent)

describe("an access", () => {
  it("is who did it, when, and why if that was said", () => {
    const data = { operation: "export", what: "positions 0 to 9" }
    expect(told("DataExported", data, "audit")).toStrictEqual({
      position: 7,
      recordedAt,
      type: "DataExported",
      actor: "user:ada",
      what: "export positions 0 to 9",
      reason: "audit",
    })
    expect(told("AdministrationPerformed", { operation: "rebuild" })).toMatchObject({ what: "rebuild", reason: null })
  })

  it.each([
    [
      "AccessDenied",
      { refused: { Unauthorized: 3, Forbidden: 0, RateLimited: 1 }, addresses: ["10.0.0.1", "10.0.0.2"] },
      "refused: 3 × Unauthorized, 1 × RateLimited from 10.0.0.1, 10.0.0.2",
    ],
    [
      "HostKeyTrusted",
      { algorithm: "ssh-ed25519", fingerprint: "SHA256:abc", name: "nas" },
      "trusted ssh-ed25519 SHA256:abc of nas",
    ],
    ["PolicyAdopted", {}, "the policy of the configuration"],
    ["SigningKeyRotated", {}, "another signing key"],
    ["LedgerRestored", { lost: 3 }, "a backup took the ledger's place: 3 events lost"],
    ["DataRedacted", { mask: "[redacted 1]", positions: [4, 5] }, "masked as [redacted 1] in 2 payloads"],
    ["RangeArchived", { first: 0, last: 99 }, "positions 0 to 99 went into an archive"],
  ])("is told in words: %s", (type, data, words) => {
    expect(told(type, data).what).toBe(words)
  })

  it.each(accessTypes)("has words for %s as it is recorded", (type) => {
    expect(told(type, payloads[type]).what).toMatch(/^\w[^\n]+$/u)
    expect(told(type, payloads[type]).what).not.toContain("undefined")
  })
})
