/** A terminal is shown text, and never told what to do by it. */
import { printable } from "#kernel/printable.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("text made printable", () => {
  it.each([
    ["a\u001b[2Jb", "a\\u001b[2Jb"],
    ["a\u0007\u0000", "a\\u0007\\u0000"],
    ["abc\u202Edef", "abc\\u202edef"],
    ["zero\u200Bwidth\u{E0041}", "zero\\u200bwidth\\ue0041"],
    ["filler\u3164", "filler\\u3164"],
    ["line\u2028\u2029", "line\\u2028\\u2029"],
    ["half\ud800", "half\\ud800"],
    ["one\ntwo\tthree\r", "one two three\\u000d"],
    ["Größe 7 – 東京 😀", "Größe 7 – 東京 😀"],
  ])("of %j is %j", (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it("is left as it is when it is made so again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(printable(text))).toBe(printable(text))
      }),
    )
  })
})
