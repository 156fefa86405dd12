/** Sorting in turns is sorting. */
import { sortedInTurns } from "#timeline/turns.js"
import * as fc from "fast-check"
import { expect, it } from "vitest"

it("has the order of `toSorted`, what is equal as it was, and leaves what it was given", async () => {
  // Lengths around the steps of a turn, and one of many.
  const length = fc.constantFrom(0, 1, 2, 1_999, 2_000, 2_001, 3_999, 4_001, 6_001, 11_000)
  const items = length.chain((count) => fc.array(fc.nat(50), { minLength: count, maxLength: count, size: "max" }))
  await fc.assert(
    fc.asyncProperty(items, async (values) => {
      const given = values.map((value, place) => ({ value, place }))
      const before = [...given]
      const byValue = (a: { value: number }, b: { value: number }) => a.value - b.value
      expect(await sortedInTurns(given, byValue)).toStrictEqual(given.toSorted(byValue))
      expect(given).toStrictEqual(before)
    }),
    { numRuns: 30 },
  )
})

it("lets others have their turn meanwhile", async () => {
  let turns = 0
  const turn = setInterval(() => (turns += 1), 1)
  const slowly = (a: number, b: number) => {
    for (const until = performance.now() + 0.002; performance.now() < until;);
    return a - b
  }
  await sortedInTurns(
    Array.from({ length: 8_000 }, (_, index) => index % 97),
    slowly,
  )
  clearInterval(turn)
  expect(turns).toBeGreaterThan(1)
})
