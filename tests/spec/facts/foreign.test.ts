import { describe, expect, it } from "vitest"
import { foreignCount, foreignLine, foreignText } from "#discovery/facts/foreign.js"

describe("text of others", () => {
  it("is cut at 1,024 characters", () => {
    expect(foreignText("x".repeat(5_000))).toHaveLength(1_024)
  })

  it("keeps no control character, so that it stays on one line and cannot talk to a terminal", () => {
    expect(foreignText("a\0b\nc\u001B[31md\u0085e\u007F")).toBe("a\uFFFDb\uFFFDc\uFFFD[31md\uFFFDe\uFFFD")
  })

  it("is well formed even when the cut goes through a pair of surrogates", () => {
    const cut = foreignText(`${"x".repeat(1_023)}😀`)
    expect(cut.isWellFormed()).toBe(true)
    expect(cut).toHaveLength(1_024)
    expect(foreignText("\uD800")).toBe("\uFFFD")
  })

  it("leaves ordinary text of any script as it is", () => {
    expect(foreignText("nginx – Höchstleistung 😀 ウェブ")).toBe("nginx – Höchstleistung 😀 ウェブ")
  })

  it("is null when it says nothing", () => {
    expect(foreignLine(" \n")).toBeNull()
    expect(foreignLine(" vm \n")).toBe("vm")
  })
})

describe("a number of others", () => {
  it("counts only when JSON carries it exactly", () => {
    expect(foreignCount("42")).toBe(42)
    expect(foreignCount("9007199254740991")).toBe(9_007_199_254_740_991)
    for (const text of ["9007199254740993", "18446744073709551615", "-1", "1e3", "0x10", "", undefined])
      expect(foreignCount(text)).toBeNull()
  })
})
