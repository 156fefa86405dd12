/** What /openapi.json says is so: it is whole in itself, and each answer that it describes is given. */
import { describe, expect, it } from "vitest"
import { openApi } from "#api/openapi.js"
import { FleetError, errorCodes } from "#kernel/errors.js"
import { operations } from "#operations/registry.js"
import { type Door, door, port } from "#tests/support/door.js"
import { callOf } from "#tests/support/valid-calls.js"

interface Described {
  readonly operationId: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
  readonly responses: Readonly<Record<string, Response>>
}

interface Response {
  readonly $ref?: string
  readonly description?: string
  readonly headers?: Readonly<Record<string, object>>
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

const description = JSON.parse(JSON.stringify(openApi(operations))) as Description

interface Entry extends Described {
  readonly path: string
  readonly method: "GET" | "POST" | "DELETE"
}

const all: readonly Entry[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ ...one, path, method: method.toUpperCase() as Entry["method"] })),
)

const compare = (a = "", b = "") => (a < b ? -1 : 1)

/** Everything in it that is an object, with where it is. */
function* parts(value: unknown, where = "#"): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) yield [where, value as Record<string, unknown>]
  for (const [key, part] of Object.entries(value)) yield* parts(part, `${where}/${key}`)
}

function found(reference: string): unknown {
  const steps = reference.replace(/^#\//, "").split("/")
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], description)
}

describe("the description", () => {
  it("names each operation once, and says of each what it does, what it answers and what it refuses", () => {
    const ids = all.map(({ operationId }) => operationId)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    const bare = all.filter(({ summary = "", tags = [], responses }) => {
      const statuses = Object.keys(responses)
      const isWhole = statuses.some((status) => status.startsWith("2")) && statuses.includes("default")
      return summary === "" || tags.length === 0 || !isWhole
    })
    expect(bare.map(({ operationId }) => operationId)).toEqual([])
  })

  it("declares every part of a path, and nothing that is in none", () => {
    for (const { path, operationId, parameters = [] } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = parameters.filter((parameter) => parameter.in === "path" && parameter.required === true)
      expect({ operationId, declared: declared.map(({ name }) => name).toSorted(compare) }).toEqual({
        operationId,
        declared: inPath.toSorted(compare),
      })
    }
  })

  it("refers to nothing that is not in it, and requires nothing that it does not define", () => {
    const wrong: string[] = []
    for (const [where, part] of parts(description)) {
      const { $ref, required, properties = {}, allOf } = part
      if (typeof $ref === "string" && found($ref) === undefined) wrong.push(`${where}: ${$ref}`)
      if (!Array.isArray(required) || allOf !== undefined) continue
      const missing = (required as string[]).filter((name) => !Object.hasOwn(properties as object, name))
      if (missing.length > 0) wrong.push(`${where} requires ${missing.join()}`)
    }
    expect(wrong).toEqual([])
    expect(JSON.stringify(description)).not.toContain("$defs")
  })

  it("names the heads in which a list in another format has its point and its cursor", async () => {
    const { ask, token } = await door()
    const lists = all.filter(({ responses }) => JSON.stringify(responses["200"] ?? {}).includes("text/csv"))
    expect(lists.length).toBeGreaterThan(15)
    const wrong: string[] = []
    for (const entry of lists) {
      const [path] = rightly(entry)
      const headers = { accept: "text/csv" }
      const answer = await ask(withQuery(path, "limit=1"), { token: await token("admin"), headers })
      const told = Object.keys(answer.headers).filter((name) => name.startsWith("fleet-ledger-"))
      const described = Object.keys(entry.responses["200"]?.headers ?? {})
      const missing = told.filter((name) => !described.includes(name))
      if (missing.length > 0) wrong.push(`${entry.operationId}: ${missing.join()}`)
    }
    expect(wrong).toEqual([])
  })

  it("has every code of an error, and no other", () => {
    const { enum: codes } = found("#/components/schemas/Problem/properties/code") as { enum: readonly string[] }
    expect(codes.toSorted(compare)).toEqual([...errorCodes, "Internal"].toSorted(compare))
  })
})

const here = `127.0.0.1:${port}`
/** What is named by a position. */
const positions = new Set(["archive_detach", "event"])

const operationOf = ({ operationId }: Entry) => operations.find(({ name }) => name.replaceAll(" ", "_") === operationId)
const nobody = "5f0cbb0e-0000-4d35-8b5f-0a4f4f9d0201"
const without = ({ path }: Entry, filling = nobody) => path.replaceAll(/\{\w+\}/g, filling)
const withQuery = (path: string, query: string) => `${path}${path.includes("?") ? "&" : "?"}${query}`

type Asked = Parameters<Door["ask"]>[1]

/** How each is brought about; `prepare` is what has to be so before. */
interface Case {
  readonly prepare?: (opened: Door) => void
  readonly ask: (entry: Entry) => readonly [path: string, asked?: Asked]
}

/** As it is asked rightly, but for the change. */
const rightly = (entry: Entry, change: (path: string) => string = (path) => path, headers = {}) => {
  const operation = operationOf(entry)
  const { path, payload } = operation === undefined ? { path: without(entry), payload: {} } : callOf(operation)
  return [change(path), { headers, ...(entry.method === "POST" && { payload }) }] as const
}

const failing =
  (error: Error) =>
  ({ fleet }: Door) => {
    fleet.ops.tokens.check = () => Promise.reject(error)
    fleet.ledger.head = () => Promise.reject(error)
  }

const cases: Readonly<Record<string, Case>> = {
  "304": { ask: (entry) => rightly(entry, undefined, { "if-none-match": "*" }) },
  "400": {
    ask: (entry) =>
      operationOf(entry) === undefined
        ? [without(entry), { headers: { host: [here, here] as never } }]
        : rightly(entry, (path) => withQuery(path, "bogus=1")),
  },
  "401": { ask: (entry) => [without(entry), { headers: { authorization: "Bearer fl_guess" } }] },
  "403": { ask: (entry) => [without(entry), { headers: { host: "evil.example" } }] },
  "404": {
    ask: (entry) =>
      rightly(
        entry,
        (path) => without(entry, positions.has(entry.operationId) ? "999" : nobody) + path.replace(/^[^?]*/, ""),
      ),
  },
  "409": {
    // As if the same was asked elsewhere, and is not answered yet.
    prepare({ fleet: { ops } }) {
      const begin = ops.answers.begin.bind(ops.answers)
      ops.answers.begin = async (...asked) => (await begin(...asked)) ?? begin(...asked)
    },
    ask: (entry) => rightly(entry, undefined, { "idempotency-key": entry.operationId }),
  },
  "413": { ask: (entry) => [without(entry), { payload: { x: "x".repeat(1_100_000) } }] },
  "414": { ask: (entry) => [without(entry, "x".repeat(10_001))] },
  "415": { ask: (entry) => [without(entry), { payload: "x", headers: { "content-type": "text/plain" } }] },
  "500": { prepare: failing(new Error("unforeseen")), ask: (entry) => [without(entry)] },
  "503": {
    prepare: failing(new FleetError("StoreUnavailable", "the disk is away")),
    ask: (entry) => [without(entry)],
  },
}

function codesOf(status: string): readonly string[] {
  const { $ref = "" } = all.find(({ responses }) => responses[status]?.$ref !== undefined)?.responses[status] ?? {}
  const { content } = found($ref) as { content: Record<string, { schema: { allOf: { properties?: object }[] } }> }
  const [, { properties } = {}] = content["application/problem+json"]?.schema.allOf ?? []
  return (properties as { code: { enum: readonly string[] } }).code.enum
}

const byId: Readonly<Record<string, Entry>> = Object.fromEntries(all.map((entry) => [entry.operationId, entry]))
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "0" } },
}

/** What is sent to what is no operation and takes something. */
const payloads: Readonly<Record<string, object>> = {
  mcp: initialize,
  batch: { questions: [{ operation: "targets" }] },
}

describe("every answer that is described", () => {
  it.each(Object.entries(cases))("%s is given by whatever says so", async (status, { prepare, ask }) => {
    const opened = await door(100_000)
    const token = await opened.token("admin")
    prepare?.(opened)
    const saying = all.filter(({ responses }) => status in responses)
    const given: Record<string, unknown> = {}
    for (const entry of saying) {
      const [path, asked = {}] = ask(entry)
      const reply = await opened.ask(path, { method: entry.method, token, ...asked })
      given[entry.operationId] = reply.statusCode
      if (reply.statusCode >= 400 && entry.operationId !== "readyz") {
        expect(reply.headers["content-type"]).toContain("application/problem+json")
        expect(codesOf(status)).toContain(reply.json<{ code: string }>().code)
      }
    }
    expect(given).toEqual(Object.fromEntries(saying.map(({ operationId }) => [operationId, Number(status)])))
  })

  it("429 is given by all of them to whoever asks too much, and says when to ask again", async () => {
    const { ask } = await door(1)
    for (const entry of all) {
      expect("429" in entry.responses).toBe(true)
      let reply = await ask(without(entry), { method: entry.method })
      // The first of a second is listened to.
      while (reply.statusCode !== 429) reply = await ask(without(entry), { method: entry.method })
      expect(reply.headers["retry-after"]).toBe("1")
    }
  })

  it("2xx is given where it is no operation's, too", async () => {
    const opened = await door()
    const [token, { job_show, job_cancel, ...others }] = [await opened.token("admin"), byId]
    const started = await opened.ask("/api/v1/discover", { method: "POST", token, payload: {} })
    for (const entry of [job_show, job_cancel].filter((one) => one !== undefined)) {
      const reply = await opened.ask(String(started.headers.location), { method: entry.method, token })
      expect(reply.statusCode).toBe(200)
    }
    for (const entry of Object.values(others).filter((one) => operationOf(one) === undefined)) {
      const payload = payloads[entry.operationId]
      const reply = await opened.ask(entry.path, {
        method: entry.method,
        token,
        ...(payload && { payload, headers: { accept: "application/json, text/event-stream" } }),
      })
      expect([entry.operationId, String(reply.statusCode) in entry.responses]).toEqual([entry.operationId, true])
      expect(reply.statusCode).toBeLessThan(300)
    }
  })
})
