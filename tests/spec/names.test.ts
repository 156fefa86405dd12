/** What somebody meant: the nearest name, and the names that a pattern stands for. */
import { nearest } from "#kernel/nearest.js"
import { matchesList, matchesPattern } from "#kernel/patterns.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("the nearest name", () => {
  const names = ["interval", "timeout", "hosts", "user"]

  it.each([
    ["timeuot", "timeout"],
    ["time", undefined],
    ["host", "hosts"],
    ["ussr", "user"],
    ["USER", undefined],
    ["intervallic", "interval"],
    ["intervallum", "interval"],
    ["intervalliche", undefined],
    ["", undefined],
  ])("to %j is %s", (given, meant) => {
    expect(nearest(given, names)).toBe(meant)
  })

  it("is the first of those that are as near, and one that is nearer wherever it stands", () => {
    expect(nearest("hat", ["cat", "bat"])).toBe("cat")
    expect(nearest("hat", ["cut", "hat", "bat"])).toBe("hat")
  })

  it("is found at the beginning of a long text", () => {
    expect(nearest("x".repeat(100_000), ["x".repeat(64)])).toBe("x".repeat(64))
  })

  it("of what is two slips away is found, and of three only in a long name", () => {
    expect(nearest("abcd", ["abxy"])).toBe("abxy")
    expect(nearest("abcd", ["axyz"])).toBeUndefined()
    expect(nearest("abcdefghi", ["abcdefxyz"])).toBe("abcdefxyz")
    expect(nearest("abcdefghi", ["abcdewxyz"])).toBeUndefined()
  })
})

const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 })

/** The same by the letter of regular expressions, which may take for ever. */
const expected = (text: string, pattern: string) =>
  new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "u").test(text)

describe("a pattern of names", () => {
  it("matches what its stars and question marks allow", () => {
    fc.assert(
      fc.property(letters, letters, (text, pattern) => {
        expect(matchesPattern(text, pattern)).toBe(expected(text, pattern))
      }),
      { numRuns: 2_000 },
    )
  })

  it("takes no long time, however many stars it has", () => {
    const began = process.cpuUsage()
    expect(matchesPattern("a".repeat(5_000), `${"*a".repeat(200)}b`)).toBe(false)
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000)
  })

  it("in a list matches unless one that is negated does, in whatever order", () => {
    expect(matchesList("db-1", ["db-*", "!db-2"])).toBe(true)
    expect(matchesList("db-2", ["db-*", "!db-2"])).toBe(false)
    expect(matchesList("db-2", ["!db-2", "db-*"])).toBe(false)
    expect(matchesList("db-2", ["web-*", "db-?"])).toBe(true)
    expect(matchesList("db-1", ["!db-2"])).toBe(false)
    expect(matchesList("db-1", [])).toBe(false)
  })
})
