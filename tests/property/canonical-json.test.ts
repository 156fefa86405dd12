/** Canonical JSON is RFC 8785's, whatever the value: held against another implementation, its laws, and the RFC's own examples. */
import * as util from "node:util"
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError } from "#kernel/errors.js"
import type { Json } from "#kernel/json.js"
import { anyJson, anyText } from "#tests/support/any-json.js"
import canonicalize from "canonicalize"
import { refusalOf } from "#tests/support/refusal.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The same value with its members written in another order, as deep as it goes. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reordered(member)]),
  )
}

const double = (hex: string) => Buffer.from(hex, "hex").readDoubleBE()

describe("canonical JSON", () => {
  it("is what the package canonicalize makes of any JSON", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it("is what the package canonicalize makes of any number, negative zero included", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(number, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value))
      }),
      { numRuns: 5_000 },
    )
  })

  it("says the value that it was made of", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(util.isDeepStrictEqual(JSON.parse(canonicalJson(value)), value)).toBe(true)
      }),
    )
  })

  it("stays as it is when it is made again", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const once = canonicalJson(value)
        expect(canonicalJson(JSON.parse(once))).toBe(once)
      }),
    )
  })

  it("does not depend on the order in which members are written", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(reordered(value))).toBe(canonicalJson(value))
      }),
    )
  })

  it("differs for values that differ", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        fc.pre(a !== b)
        expect(canonicalJson({ a })).not.toBe(canonicalJson({ a: b }))
        expect(canonicalJson({ [a]: 1 })).not.toBe(canonicalJson({ [b]: 1 }))
      }),
    )
  })

  it("refuses a lone surrogate, wherever it stands in a text", () => {
    const lone = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit))
    const latin = fc.string({ maxLength: 5 })
    fc.assert(
      fc.property(latin, lone, latin, (before, surrogate, after) => {
        expect(() => canonicalJson([before + surrogate + after])).toThrow(FleetError)
        expect(() => canonicalJson({ [before + surrogate + after]: 1 })).toThrow(FleetError)
      }),
    )
  })
})

describe("the examples of RFC 8785", () => {
  it("§3.2.2: literals, numbers and texts", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    }
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it("§3.2.3: members in the order of their UTF-16 code units", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    expect(Object.values(JSON.parse(canonicalJson(value))).slice(1)).toStrictEqual([
      "Carriage Return",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ])
    expect(canonicalJson(value)).toMatch(/^\{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö"/)
  })

  it.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("appendix B: the double %s is %s", (hex, text) => {
    expect(canonicalJson(double(hex))).toBe(text)
  })

  it.each(["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])(
    "appendix B: the double %s is refused",
    (hex) => {
      expect(() => canonicalJson(double(hex))).toThrow(/not JSON/)
    },
  )
})

describe("what JSON cannot carry", () => {
  const inside = (depth: number, wrap: (value: Json) => Json): Json =>
    Array.from({ length: depth }).reduce<Json>((value) => wrap(value), 0)

  it.each<[unknown, string, string]>([
    [undefined, "", "the root: a undefined"],
    [Number.NaN, "", "the root: NaN"],
    [{ a: [1, () => {}] }, "/a/1", "/a/1: a function"],
    [{ a: { b: 10n } }, "/a/b", "/a/b: a bigint"],
    [[Symbol("s")], "/0", "/0: a symbol"],
    [{ a: new Date(0) }, "/a", "/a: a Date"],
    [{ a: Object.create(Object.create(null) as object) as unknown }, "/a", "/a: a class instance"],
    [{ a: ["\ud800"] }, "/a/0", "/a/0: a lone surrogate"],
    [{ a: { "\udc00": 1 } }, "/a/\udc00", "/a/\udc00: a lone surrogate"],
  ])("is refused with the path of it, before anything is made: %#", async (value, path, message) => {
    expect(await refusalOf(() => canonicalJson(value))).toMatchObject({
      code: "SchemaViolation",
      message: `not JSON at ${message}`,
      details: { path },
    })
  })

  it.each<[string, (value: Json) => Json]>([
    ["arrays", (value) => [value]],
    ["objects", (value) => ({ a: value })],
  ])("is nesting deeper than a hundred %s within the outermost", async (_, wrap) => {
    expect(JSON.parse(canonicalJson(inside(101, wrap)))).toStrictEqual(inside(101, wrap))
    const { message } = await refusalOf(() => canonicalJson(inside(102, wrap)))
    expect(message).toMatch(/: nesting deeper than 100$/)
  })

  it("is not an object without a prototype, which has nothing that JSON has not", () => {
    expect(canonicalJson(Object.assign(Object.create(null) as object, { a: 1 }))).toBe('{"a":1}')
  })
})
