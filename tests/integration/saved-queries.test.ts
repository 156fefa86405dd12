/** A query that is saved means the same wherever it is named. */
import { describe, expect, it } from "vitest"
import { asker } from "#tests/support/asker.js"
import { door } from "#tests/support/door.js"
import { refusalOf } from "#tests/support/refusal.js"
import { addHost } from "#tests/support/scripted-fleet.js"

async function saving() {
  const opened = await door()
  for (const name of ["web-2", "db-1"]) await addHost(opened.fleet, name)
  const ask = asker<{ items: { name: string }[] }>(opened.fleet)
  const targets = async (q: string) => (await ask("targets", { q })).items.map(({ name }) => name)
  return { ...opened, get: opened.ask, ask, targets, save: (name: string, q: string) => ask("query save", { name, q }) }
}

describe("a query that is saved", () => {
  it("stands for what it says, with others, turned round, and within another one", async () => {
    const { targets, save } = await saving()
    await save("web", "name:web-*")
    await save("not-web", "-saved:web")
    await save("either", "name:db-1 OR name:web-2")
    expect(await targets("saved:web")).toEqual(["web-1", "web-2"])
    expect(await targets("saved:web saved:either")).toEqual(["web-2"])
    expect(await targets("-saved:either")).toEqual(["web-1"])
    expect(await targets("saved:not-web,either")).toEqual(["db-1", "web-2"])
  })

  it("is looked at again when it was changed, also by those who have an answer", async () => {
    const { get, token, save } = await saving()
    const secret = await token("read")
    await save("some", "web-1")
    const first = await get("/api/v1/targets?q=saved:some", { token: secret })
    await save("some", "db-1")
    const headers = { "if-none-match": String(first.headers.etag) }
    const second = await get("/api/v1/targets?q=saved:some", { token: secret, headers })
    expect([first.json<object>(), second.json<object>()]).toMatchObject([
      { items: [{ name: "web-1" }] },
      { items: [{ name: "db-1" }] },
    ])
  })

  it("that is not there, that is wrong, or that leads back to itself is refused where it is named", async () => {
    const { targets, save, ask } = await saving()
    await save("web", "name:web-*")
    expect((await refusalOf(() => targets("role:lab saved:wbe"))).message).toBe(
      `character 16 of the query: no query is saved as "wbe"; did you mean "web"?`,
    )
    expect((await refusalOf(() => save("bad", "nonsense:1"))).code).toBe("InvalidQuery")
    expect((await refusalOf(() => save("own", "saved:own"))).message).toContain("name each other")
    await save("a", "web")
    await save("b", "saved:a")
    expect((await refusalOf(() => save("a", "saved:b"))).message).toContain("name each other")
    await ask("query delete", { name: "a" })
    expect((await refusalOf(() => targets("saved:b"))).message).toContain('no query is saved as "a"')
  })

  it("may be of one kind alone", async () => {
    const { targets, save } = await saving()
    await save("well", "status:healthy OR status:unknown")
    expect(await targets("saved:well")).toEqual(["db-1", "web-1", "web-2"])
    await save("down", "status:stopped")
    expect((await refusalOf(() => save("neither", "status:purple"))).code).toBe("InvalidQuery")
  })

  it("is completed by its name", async () => {
    const { save, fleet } = await saving()
    await save("web", "name:web-*")
    const { items } = await asker<{ items: string[] }>(fleet)("complete", { q: "saved:w" })
    expect(items).toEqual(["web"])
  })
})
