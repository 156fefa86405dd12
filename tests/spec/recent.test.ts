/** What is asked for again and again is worked out once, and what is not is forgotten. */
import { recent } from "#kernel/recent.js"
import { describe, expect, it } from "vitest"

describe("a function that remembers", () => {
  const counting = () => {
    const asked: unknown[] = []
    return { asked, ask: recent((argument: unknown) => asked.push(argument) && { argument }) }
  }

  it("gives the very same answer to the same, be it undefined", () => {
    const { asked, ask } = counting()
    const answers = recent((argument: number) => void asked.push(argument))
    expect([answers(1), answers(1), ask("a") === ask("a"), ask("a") === ask("b")]).toStrictEqual([
      undefined,
      undefined,
      true,
      false,
    ])
    expect(asked).toStrictEqual([1, "a", "b"])
  })

  it("knows the last 32 that were asked for, and forgets the one that was not for longest", () => {
    const { asked, ask } = counting()
    for (let each = 0; each < 32; each++) ask(each)
    ask(0)
    ask(32)
    asked.length = 0
    for (const each of [0, 2, 31, 32]) ask(each)
    expect(asked).toStrictEqual([])
    ask(1)
    expect(asked).toStrictEqual([1])
  })
})
