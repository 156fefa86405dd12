/** A change as a person reads it on a terminal: who did it, when and why stand there where they are known, and only as text. */
import { tableOf } from "#cli/tables.js"
import { describe, expect, it } from "vitest"

const change = {
  position: 7,
  observedAt: "2026-11-25T10:00:00.000Z",
  type: "TargetChanged",
  entity: { kind: "target", id: "x", name: "web" },
  source: "rack",
  changes: [{ path: "/guest/power", before: "stopped", after: "running" }],
}
const lines = (more: object) => tableOf("watch", { ...change, by: null, reason: null, ...more }).split("\n")

describe("a change on a terminal", () => {
  it("says who did it, when and why", () => {
    expect(lines({ by: "alice@pam", reason: "qmstart UPID:1", occurredAt: "2026-11-25T09:59:00.000Z" })[1]).toBe(
      "    by alice@pam at 2026-11-25T09:59:00.000Z: qmstart UPID:1",
    )
    expect(lines({ reason: "moved to the new rack" })[1]).toBe("    moved to the new rack")
    expect(lines({ by: "\u001B[31malice\nroot" })[1]).not.toMatch(/\u001B|\n/)
  })

  it("says nothing of that where it is not known", () => {
    expect(lines({})).toHaveLength(2)
  })
})
