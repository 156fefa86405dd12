/** The overview's trend asks only for moments that there were: one in front of the ledger is refused, and nothing would be drawn of a fleet that is known for an hour. */
import * as fc from "fast-check"
import { expect, it } from "vitest"

/** It is of the page, whose types are not those of Node. */
const page: string = "../../src/web/pages/overview/sample-times.js"
const { sampleTimes } = (await import(page)) as {
  readonly sampleTimes: (stretch: { readonly from: number; readonly to: number }, points: number) => number[]
}

const minute = 60_000
const stretches = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 4 * 365 * 24 * 60 * minute }))
  .map(([from, length]) => ({ from, to: from + length }))

it("a stretch of time is sampled within itself, in order, at full minutes, and no more often than is asked", () => {
  fc.assert(
    fc.property(stretches, fc.integer({ min: 0, max: 30 }), ({ from, to }, points) => {
      const times = sampleTimes({ from, to }, points)
      expect(times.length).toBeLessThanOrEqual(points)
      for (const time of times) expect([time % minute, time >= from, time <= to]).toEqual([0, true, true])
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    }),
  )
})

it("of a day there are as many as are asked for, of ten minutes one each minute", () => {
  const from = Date.UTC(2026, 10, 27, 9, 0, 30)
  expect(sampleTimes({ from, to: from + 24 * 60 * minute }, 24).length).toBe(24)
  expect(sampleTimes({ from, to: from + 10 * minute }, 24).length).toBe(10)
})
