/** What was assigned to a machine of several records, as one. */
import { merged } from "#projections/inventory/merge.js"
import { roleAndTags } from "#projections/inventory/role-and-tags.js"
import { describe, expect, it } from "vitest"

const byRule = { by: "rule" }
const byHand = { by: "hand" }
const assigned = (role: string | null, roleBy: string | null, tags: object) => ({ assigned: { role, roleBy, tags } })
const linked = { link: { target: "0d9f1c7e-6a0f-5a3b-9a55-3d3d2f6f4c01" } }
const togetherOf = (...documents: object[]) => merged(documents as never)["assigned"]

describe("a machine of several records", () => {
  const oldest = assigned("lab", "rule", { "tag:a": byRule, "tag:b": null })
  const other = { ...linked, ...assigned("gateway", "rule", { "tag:a": byHand, "tag:b": byRule, "tag:c": byRule }) }

  it("has the role of the record that goes first, and everybody's tags but those that somebody took away", () => {
    expect(togetherOf(oldest, other)).toStrictEqual({
      role: "lab",
      roleBy: "rule",
      tags: { "tag:a": byHand, "tag:b": null, "tag:c": byRule },
    })
    expect(togetherOf(other, oldest)).toMatchObject({ role: "gateway", tags: { "tag:b": null } })
  })

  it("has what somebody gave, of two words that on the oldest record, whichever record goes first", () => {
    const given = { ...linked, ...assigned("staging", "hand", { "tag:b": byHand }) }
    expect(togetherOf(oldest, given)).toMatchObject({ role: "staging", roleBy: "hand" })
    expect(togetherOf(given, oldest)).toMatchObject({ role: "staging", tags: { "tag:b": null } })
    expect(togetherOf(given, assigned("testing", "hand", {}))).toMatchObject({ role: "testing" })
  })

  it("has nothing assigned where nothing ever was", () => {
    expect(togetherOf({ lifecycle: "observed" }, linked)).toBeUndefined()
    expect(togetherOf({ lifecycle: "observed" }, oldest)).toMatchObject({ role: "lab" })
  })
})

describe("what everybody is told", () => {
  it("is what its labels say where nothing else was assigned, and the tags of both", () => {
    const labels = { role: "web server", tags: { "tag:x": {}, "tag:b": {} } }
    expect(roleAndTags({ labels })).toStrictEqual({ role: "web server", tags: ["b", "x"] })
    const both = { labels, ...assigned("lab", "hand", { "tag:b": null, "tag:a": byHand }) }
    expect(roleAndTags(both as never)).toStrictEqual({ role: "lab", tags: ["a", "x"] })
    expect(roleAndTags({ labels: null })).toStrictEqual({ role: null, tags: [] })
  })
})
