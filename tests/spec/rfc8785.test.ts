/** The test data that the authors of RFC 8785 publish beside it; the RFC's own examples and its table of numbers are in tests/property. */
import { canonicalJson } from "#kernel/canonical-json.js"
import { describe, expect, it } from "vitest"

const samples: Readonly<Record<string, readonly [input: string, output: string]>> = {
  arrays: [
    String.raw`[
      56,
      {
        "d": true,
        "10": null,
        "1": [ ]
      }
    ]`,
    `[56,{"1":[],"10":null,"d":true}]`,
  ],
  french: [
    String.raw`{
      "peach": "This sorting order",
      "péché": "is wrong according to French",
      "pêche": "but canonicalization MUST",
      "sin":   "ingnore locale"
    }`,
    `{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ingnore locale"}`,
  ],
  structures: [
    String.raw`{
      "1": {"f": {"f": "hi","F": 5} ,"\n": 56.0},
      "10": { },
      "": "empty",
      "a": { },
      "111": [ { } ],
      "A": { }
    }`,
    String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}`,
  ],
  unicode: [String.raw`{ "Unnormalized Unicode": "A\u030a" }`, `{"Unnormalized Unicode":"A\u030a"}`],
  values: [
    String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`,
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  weird: [
    String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\u000a": "Newline",
      "1": "One",
      "\u0080": "Control\u007f",
      "\ud83d\ude02": "Smiley",
      "\u00f6": "Latin Small Letter O With Diaeresis",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "</script>": "Browser Challenge"
    }`,
    String.raw`{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge",` +
      `"\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","\u{1f602}":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}`,
  ],
}

describe("the published samples of canonical JSON", () => {
  it.each(Object.entries(samples))("%s", (_, [input, output]) => {
    expect(canonicalJson(JSON.parse(input))).toBe(output)
    expect(Buffer.from(canonicalJson(JSON.parse(output)), "utf8")).toStrictEqual(Buffer.from(output, "utf8"))
  })

  it("§3.2.4: the bytes of the example are the ones that the RFC prints", () => {
    const bytes =
      "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    const [input] = samples["values"] as readonly [string, string]
    expect(Buffer.from(canonicalJson(JSON.parse(input)), "utf8").toString("hex")).toBe(bytes)
  })
})
