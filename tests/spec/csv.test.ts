/** CSV as RFC 4180 has it, which no spreadsheet takes for anything but text and numbers. */
import { csvLine } from "#kernel/csv.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** RFC 4180 read by the letter. */
function cellsOf(line: string): string[] {
  const cells = [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n)/gu)]
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "")
}

describe("a line of CSV", () => {
  it("has numbers, words and lists in their cells, and nothing for what is not known", () => {
    expect(csvLine(["web-1", 2.5, true, ["a:b", "c"], null, undefined, ""])).toBe("web-1,2.5,true,a:b c,,,\r\n")
  })

  it.each([",", '"', "\r", "\n"])("quotes a cell that has a %j", (character) => {
    expect(csvLine([`a${character}b`])).toBe(`"a${character.replace('"', '""')}b"\r\n`)
  })

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])("makes no formula of the text %j", (text) => {
    expect(csvLine([text, [text, "b"]])).toBe(`'${text},'${text} b\r\n`)
  })

  it("makes no formula of a text that begins with a carriage return, and leaves one further on", () => {
    expect(csvLine(["\r=1", "a=1"])).toBe(`"'\r=1",a=1\r\n`)
  })

  it("leaves a number below zero a number", () => {
    expect(csvLine([-1.5])).toBe("-1.5\r\n")
  })

  it("is read again as what was written, but for what was made harmless", () => {
    const text = fc.string({ unit: fc.constantFrom("a", " ", ",", '"', "\r", "\n", "=", "'", "é") })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (cells) => {
        expect(cellsOf(csvLine(cells))).toStrictEqual(cells.map((cell) => (/^[=\r]/.test(cell) ? `'${cell}` : cell)))
      }),
    )
  })
})
