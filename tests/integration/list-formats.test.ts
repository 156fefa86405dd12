/** Lists in other formats and with some of their fields: the same items as in JSON, and nothing in them that a spreadsheet or a shell would act upon. */
import { describe, expect, it } from "vitest"
import type { JsonObject } from "#kernel/json.js"
import { columnsOf } from "#operations/columns.js"
import { valueAt } from "#operations/list-formats.js"
import { operations } from "#operations/registry.js"
import { door } from "#tests/support/door.js"
import { addHost } from "#tests/support/scripted-fleet.js"

async function asked(path: string, accept: string) {
  const opened = await door()
  await addHost(opened.fleet, '=HYPERLINK("http://evil.example")')
  await addHost(opened.fleet, 'two\nlines, "quoted"')
  const token = await opened.token("read")
  const answer = await opened.ask(path, { token, headers: { accept } })
  const json = (await opened.ask(path, { token })).json<{ items: JsonObject[]; at: { position: number } }>()
  return { ...opened, answer, json, token }
}

describe("a list", () => {
  it("as lines of JSON has the same items, and its point and cursor in the head", async () => {
    const { answer, json, ask, token } = await asked("/api/v1/targets?limit=2", "application/x-ndjson")
    const lines = (body: string) =>
      body
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as JsonObject)
    expect(answer.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8")
    expect(lines(answer.body)).toEqual(json.items)
    expect(answer.headers["fleet-ledger-position"]).toBe(String(json.at.position))
    const next = String(answer.headers["fleet-ledger-next"])
    const rest = await ask(`/api/v1/targets?limit=2&cursor=${next}`, {
      token,
      headers: { accept: "application/x-ndjson" },
    })
    expect(lines(rest.body)).toHaveLength(1)
    expect(rest.headers["fleet-ledger-next"]).toBeUndefined()
  })

  it("as CSV begins no formula, and quotes what has to be", async () => {
    const { answer } = await asked("/api/v1/targets?fields=name,lifecycle&sort=name", "text/csv")
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8")
    expect(answer.body).toContain(`"'=HYPERLINK(""http://evil.example"")"`)
    expect(answer.body).toContain(`"two\nlines, ""quoted"""`)
  })

  it("as CSV has a column for every field of its schema, whatever its items have", async () => {
    const { answer } = await asked("/api/v1/history", "text/csv")
    const [head = ""] = answer.body.split("\r\n")
    expect(head.split(",")).toEqual(columnsOf(operations.find(({ name }) => name === "history") as never))
    expect(head).toContain("entity.kind,entity.id,entity.name")
  })

  it("has only the fields that are asked for, each at its place", async () => {
    const { answer, json } = await asked("/api/v1/history?fields=position,entity.name", "application/json")
    const picked = answer.json<{ items: JsonObject[] }>().items
    expect(picked.every((item) => Object.keys(item).join() === "position,entity")).toBe(true)
    expect(picked.map((item) => valueAt(item, "entity.name"))).toEqual(
      json.items.map((item) => valueAt(item, "entity.name")),
    )
  })

  it("is told with the format in its tag, so that one is not taken for the other", async () => {
    const { ask, token } = await asked("/api/v1/targets", "text/csv")
    const tags = new Set<unknown>()
    for (const [accept, fields] of [
      ["text/csv", ""],
      ["application/json", ""],
      ["application/json", "?fields=name"],
    ] as const)
      tags.add((await ask(`/api/v1/targets${fields}`, { token, headers: { accept } })).headers.etag)
    expect(tags.size).toBe(3)
  })

  it.each([
    ["text/csv;q=0.5, application/x-ndjson", "application/x-ndjson"],
    ["text/html, */*", "application/json"],
    ["text/csv;q=0, application/json", "application/json"],
    ["application/xml", "application/json"],
  ])("of what %s accepts is %s", async (accept, type) => {
    const { answer } = await asked("/api/v1/targets", accept)
    expect(answer.headers["content-type"]).toContain(type)
  })

  it("says which field was meant", async () => {
    const { answer } = await asked("/api/v1/targets?fields=naem", "application/json")
    expect(answer.json()).toMatchObject({ status: 400, detail: expect.stringContaining(`did you mean "name"?`) })
  })
})
