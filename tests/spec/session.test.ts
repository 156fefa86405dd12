/** Who signed in stays so, whatever comes late of what was asked before. */
import { ChangeStream, withoutServer } from "#tests/support/change-streams.js"
import { expect, it, vi } from "vitest"

/** They are of the page, whose types are not those of Node. */
const modules = ["answers", "live", "session"].map((name): string => `../../src/web/${name}.js`)
const [{ isStranger }, { keepFollowing }, { meet, signIn }] = (await Promise.all(
  modules.map((module) => import(module)),
)) as [
  { readonly isStranger: { readonly value: boolean } },
  { readonly keepFollowing: (by: () => Promise<number>) => void },
  { readonly meet: () => Promise<number>; readonly signIn: (token: string) => Promise<void> },
]

withoutServer()

it.each(["before", "after"])("a refusal of before that comes %s the sign-in ends in being signed in", async (when) => {
  const answers = new Map<string, (response: Response) => void>()
  vi.stubGlobal(
    "fetch",
    (_: string, { method = "GET" }: { method?: string }) => new Promise((resolve) => answers.set(method, resolve)),
  )
  keepFollowing(meet)
  const signing = signIn("new")
  const refuse = () => answers.get("GET")?.(Response.json({ code: "Unauthorized" }, { status: 401 }))
  const accept = () => answers.get("POST")?.(Response.json({ name: "ada", scope: "read", position: 7 }))
  for (const answer of when === "before" ? [refuse, accept] : [accept, refuse]) {
    answer()
    await vi.advanceTimersByTimeAsync(0)
  }
  await signing
  await vi.advanceTimersByTimeAsync(5_000)
  expect(isStranger.value).toBe(false)
  expect(ChangeStream.opened.map(({ isClosed }) => isClosed)).toEqual([false])
})
