/** Who guesses is not listened to for a while; who was right before is. */
import { describe, expect, it } from "vitest"
import { guard } from "#api/guard.js"
import { refusalOf } from "#tests/support/refusal.js"
import { TestClock } from "#tests/support/test-clock.js"

const rules = { wrong: 3, withinMs: 60_000, lockedMs: 300_000 }

describe("an address that shows wrong credentials", () => {
  const guessing = () => {
    const clock = new TestClock()
    const watching = guard(clock, rules)
    let made = 0
    const guess = (times: number) => {
      for (let n = 0; n < times; n++) watching.wasWrong("a", `guess ${made++}`)
    }
    return { clock, watching, guess }
  }

  it("is asked about no new ones once there were too many, for as long as it is said", async () => {
    const { clock, watching, guess } = guessing()
    guess(2)
    watching.admit("a", "another")
    guess(1)
    const refused = await refusalOf(async () => watching.admit("a", "another"))
    expect(refused).toMatchObject({ code: "RateLimited", details: { retryAfterSeconds: 300 } })
    watching.admit("b", "another")
    clock.advance(300_000)
    watching.admit("a", "another")
  })

  it("goes on with what was right from there before", async () => {
    const { watching, guess } = guessing()
    watching.wasRight("a", "good")
    watching.wasRight("b", "elsewhere")
    guess(3)
    watching.admit("a", "good")
    expect(await refusalOf(async () => watching.admit("a", "elsewhere"))).toMatchObject({ code: "RateLimited" })
  })

  it("does not guess by showing one that has expired, however often", () => {
    const { watching } = guessing()
    for (let n = 0; n < 10; n++) watching.wasWrong("a", "yesterday's")
    expect(() => watching.admit("a", "another")).not.toThrow()
  })

  it("is forgiven what was long ago", () => {
    const { clock, watching, guess } = guessing()
    guess(2)
    clock.advance(60_000)
    guess(2)
    expect(() => watching.admit("a", "another")).not.toThrow()
  })
})
