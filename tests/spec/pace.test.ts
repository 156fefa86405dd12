/** What a terminal says of work that takes long. */
import { Pace } from "#cli/pace.js"
import { describe, expect, it } from "vitest"

describe("the pace of long work", () => {
  it("is told when there is something to go by, with the time that is left", () => {
    const pace = new Pace()
    expect(pace.after(0, 1_000, 0)).toBe("")
    expect(pace.after(10, 1_000, 500)).toBe("")
    expect(pace.after(40, 1_000, 2_000)).toBe("20/s, 48 s left")
    expect(pace.after(1_000, 1_000, 3_000)).toBe("")
  })

  it("is that of late: a slow beginning is forgotten", () => {
    const pace = new Pace()
    for (let second = 0; second <= 100; second++) pace.after(second, 100_000, second * 1_000)
    let told = ""
    for (let second = 1; second <= 30; second++) told = pace.after(100 + second * 50, 100_000, (100 + second) * 1_000)
    expect(told).toBe("50/s, 33 min left")
  })

  it("begins anew with what else is counted, and speaks of hours", () => {
    const pace = new Pace()
    pace.after(90, 100, 0)
    pace.after(1, 20_000, 10_000)
    expect(pace.after(2, 20_000, 12_000)).toBe("0.5/s, 11.1 h left")
  })
})
