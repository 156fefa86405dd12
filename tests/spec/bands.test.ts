/** From measurements to the state of a resource: bands of use, made calm by hysteresis and by looks that have to agree. */
import type { ResourceStatus } from "#events/facets/target.js"
import { defaultPolicy } from "#events/policy.js"
import { nextStatus } from "#discovery/bands.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Over 75 % warning, over 90 % critical, 5 % of hysteresis, three looks over ten minutes. */
const { bands } = defaultPolicy
const start = epochMs("2026-11-23T14:00:00.000Z" as Instant)

/** Looks as far apart as given (in minutes), oldest value first; newest first is how they are asked for. */
function looks(values: readonly number[], minutes = 5) {
  return values.map((value, index) => ({ at: instant(start + index * minutes * 60_000), value })).reverse()
}

const next = (current: ResourceStatus | undefined, values: readonly number[], minutes?: number) =>
  nextStatus(current, looks(values, minutes), bands)

describe("the first state of a resource", () => {
  it.each<[number, ResourceStatus]>([
    [0, "healthy"],
    [75, "healthy"],
    [75.1, "warning"],
    [90, "warning"],
    [90.1, "critical"],
    [100, "critical"],
  ])("at %d % is %s, at once", (percent, status) => {
    expect(next(undefined, [percent])).toBe(status)
    expect(next("unknown", [percent])).toBe(status)
  })

  it("is unknown as long as nothing was measured", () => {
    expect(nextStatus(undefined, [], bands)).toBe("unknown")
    expect(nextStatus("warning", [], bands)).toBe("warning")
  })
})

describe("another band", () => {
  it("counts when three looks over ten minutes agree, and not before", () => {
    expect(next("healthy", [50, 80])).toBe("healthy")
    expect(next("healthy", [50, 80, 80])).toBe("healthy")
    expect(next("healthy", [50, 80, 80, 80])).toBe("warning")
  })

  it("does not count for three looks that are too close together, and does once they have lasted", () => {
    expect(next("healthy", [80, 80, 80], 1)).toBe("healthy")
    expect(
      next(
        "healthy",
        Array.from({ length: 10 }, () => 80),
        1,
      ),
    ).toBe("healthy")
    expect(
      next(
        "healthy",
        Array.from({ length: 11 }, () => 80),
        1,
      ),
    ).toBe("warning")
  })

  it("does not count for two looks, however far apart they are", () => {
    expect(next("healthy", [80, 80], 600)).toBe("healthy")
    expect(next("healthy", [80, 80, 80], 600)).toBe("warning")
  })

  it("begins to count anew after a look that disagrees", () => {
    expect(next("healthy", [80, 80, 50, 80, 80])).toBe("healthy")
    expect(next("healthy", [80, 80, 50, 80, 80, 80])).toBe("warning")
  })

  it("is the one that the last looks agree on: those in a third band do not help", () => {
    expect(next("healthy", [80, 80, 95])).toBe("healthy")
    expect(next("healthy", [95, 95, 80])).toBe("healthy")
    expect(next("healthy", [80, 95, 95, 95])).toBe("critical")
  })

  it("may be two bands away", () => {
    expect(next("critical", [10, 10, 10])).toBe("healthy")
    expect(next("healthy", [99, 99, 99])).toBe("critical")
  })
})

describe("hysteresis", () => {
  it("keeps a resource in its band until it is five percent below the edge", () => {
    expect(next("warning", [71, 71, 71])).toBe("warning")
    expect(next("warning", [70, 70, 70])).toBe("healthy")
    expect(next("critical", [86, 86, 86])).toBe("critical")
    expect(next("critical", [85, 85, 85])).toBe("warning")
  })

  it("holds at the lower edge too for what falls two bands", () => {
    expect(next("critical", [71, 71, 71])).toBe("warning")
    expect(next("critical", [70, 70, 70])).toBe("healthy")
  })

  it("does not make it easier to get into a band", () => {
    expect(next("healthy", [75, 75, 75])).toBe("healthy")
    expect(next("warning", [90, 90, 90])).toBe("warning")
  })
})

describe("whatever is measured", () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true })
  const status = fc.constantFrom<ResourceStatus[]>("healthy", "warning", "critical")

  it("a resource stays as it is while it swings by less than the hysteresis below an edge, on whichever side it is", () => {
    const sides = fc.constantFrom<[number, ResourceStatus][]>(
      [75, "healthy"],
      [75, "warning"],
      [90, "warning"],
      [90, "critical"],
    )
    const swings = fc.array(fc.double({ min: 0, max: 4.9, noNaN: true }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(sides, swings, ([edge, current], below) => {
        expect(
          next(
            current,
            below.map((percents) => edge - percents),
          ),
        ).toBe(current)
      }),
    )
  })

  it("the same looks again change nothing more", () => {
    fc.assert(
      fc.property(
        fc.array(percent, { minLength: 1, maxLength: 8 }),
        status,
        fc.integer({ min: 1, max: 30 }),
        (values, current, minutes) => {
          const then = next(current, values, minutes)
          expect(next(then, values, minutes)).toBe(then)
        },
      ),
    )
  })
})
