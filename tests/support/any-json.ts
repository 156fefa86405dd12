/** Arbitrary JSON, with the names and numbers that break things more often than chance would. */
import type { Json } from "#kernel/json.js"
import * as fc from "fast-check"

/** Any text that is well-formed Unicode. */
export const anyText = fc.string({ unit: "binary", maxLength: 12 })

const anyName = fc.oneof(
  { weight: 4, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "", "10", "9", "a/b", "a~b", "é", "e\u0301"),
  },
)

/** −0 is left out: canonical JSON has no such number. */
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 2 ** 53, 1e21, 1e-7, Number.MIN_VALUE, Number.MAX_VALUE),
)

export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    anyNumber,
    anyText,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(anyName, tie("value")), { maxLength: 5 }).map((members) => Object.fromEntries(members)),
  ),
})).value
