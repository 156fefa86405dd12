/** The page follows what happens; that nothing is heard is not that nothing happens. */
import { ChangeStream, withoutServer } from "#tests/support/change-streams.js"
import { expect, it, vi } from "vitest"

/** It is of the page, whose types are not those of Node. */
const page: string = "../../src/web/live.js"
const { connection, keepFollowing, revision } = (await import(page)) as {
  readonly connection: { readonly value: string }
  readonly revision: { readonly value: number }
  readonly keepFollowing: (meet: () => Promise<number>) => void
}

withoutServer()

it("a connection on which nothing is heard for three signs of life is lost, which the page says, and everything is asked again once there is another", async () => {
  keepFollowing(async () => 7)
  await vi.advanceTimersByTimeAsync(0)
  const [first] = ChangeStream.opened as [ChangeStream]
  first.says("open")
  for (let sign = 0; sign < 10; sign++) {
    await vi.advanceTimersByTimeAsync(15_000)
    first.says("here")
  }
  expect([connection.value, ChangeStream.opened.length]).toEqual(["live", 1])
  const before = revision.value
  await vi.advanceTimersByTimeAsync(44_000)
  expect(connection.value).toBe("live")
  await vi.advanceTimersByTimeAsync(2_000)
  expect([connection.value, first.isClosed, ChangeStream.opened.length]).toEqual(["lost", true, 2])
  ChangeStream.opened[1]?.says("open")
  await vi.advanceTimersByTimeAsync(1_000)
  expect([connection.value, revision.value]).toEqual(["live", before + 1])
})

it("one that never opens is given up for another", async () => {
  keepFollowing(async () => 7)
  await vi.advanceTimersByTimeAsync(46_000)
  expect(ChangeStream.opened.length).toBe(2)
})

it("a server that does not answer at first is met as soon as it does", async () => {
  let isThere = false
  keepFollowing(async () => {
    if (!isThere) throw new TypeError("nobody answers")
    return 7
  })
  await vi.advanceTimersByTimeAsync(2_000)
  expect([connection.value, ChangeStream.opened.length]).toEqual(["lost", 0])
  isThere = true
  await vi.advanceTimersByTimeAsync(10_000)
  expect(ChangeStream.opened.length).toBe(1)
})
