/** Whatever is asked, by everything that the API's own description allows and much that it does not: nobody meets a crash, a stack trace or an endless answer. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Door, door } from "#tests/support/door.js"
import { often } from "#tests/support/often.js"
import { addHost } from "#tests/support/scripted-fleet.js"

const requests = often(1_500, 10_000)
const largest = 5_000_000

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly default?: unknown
}
interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly schema: Schema
}
interface Described {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Record<string, { schema?: { properties?: Record<string, Schema> } }> }
}
interface Route extends Described {
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: string
}

/** These look at real machines, or write where they are told to; agents are refused in a protocol of their own. */
const notHere = new Set(["discover", "enroll", "archive_detach", "archive_attach", "changes_stream", "watch", "mcp"])

async function routesOf({ ask }: Door): Promise<readonly Route[]> {
  const { paths } = (await ask("/openapi.json")).json<{ paths: Record<string, Record<string, Described>> }>()
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .map(([method, described]) => ({ ...described, path, method: method.toUpperCase() as Route["method"] }))
      .filter(({ operationId }) => !notHere.has(operationId)),
  )
}

const hostile = [
  "",
  " ",
  "__proto__",
  "constructor",
  "../../../../etc/passwd",
  "%2e%2e%2f",
  "\u0000",
  "\u202Egnp.exe",
  "' OR 1=1 --",
  "<script>alert(1)</script>",
  "\u001b[31m",
  "9".repeat(400),
  "a".repeat(20_000),
  "((((((((((",
  '"',
  "NaN",
  "-1",
  "1e309",
  "99999999999999999999",
  "true",
  "null",
  "position:-1",
  "position:999999999",
  "snapshot:",
  "run:",
  "3000-01-01",
  "-99999999999999d",
  "cursor",
  "🦙".repeat(50),
]
const usual = [
  "web-1",
  "nginx",
  "now",
  "-1h",
  "position:1",
  "role:lab",
  "health<0.7 nginx",
  "os.kernel",
  "target",
  "1",
  "10",
  "90d",
  "x",
]

const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...usual) },
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.string({ maxLength: 60, unit: "binary" }) },
)

function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  const fits = schema.enum !== undefined ? [fc.constantFrom(...schema.enum)] : []
  return fc.oneof(anyText, fc.integer({ min: -2, max: 2_000 }), fc.boolean(), ...fits)
}

const anyJson = fc.oneof(fc.jsonValue({ maxDepth: 3 }), anyText)

/** A request to a route: some of what it takes, now and then something else. */
function requestTo(route: Route) {
  const parameters = route.parameters ?? []
  const properties = Object.values(route.requestBody?.content ?? {}).flatMap(({ schema }) =>
    Object.entries(schema?.properties ?? {}),
  )
  const inPath = Object.fromEntries(
    parameters.filter((one) => one.in === "path").map(({ name, schema }) => [name, valueOf(schema)]),
  )
  const inQuery = Object.fromEntries(
    parameters.filter((one) => one.in === "query").map(({ name, schema }) => [name, valueOf(schema)]),
  )
  return fc.record({
    route: fc.constant(route),
    path: fc.record(inPath),
    query: fc.record(inQuery, { requiredKeys: [] }),
    unknown: fc.option(anyText, { freq: 8 }),
    body: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record(
          Object.fromEntries(properties.map(([name, schema]) => [name, fc.oneof(valueOf(schema), anyJson)])),
          { requiredKeys: [] },
        ),
      },
      { weight: 1, arbitrary: anyJson },
    ),
    accept: fc.constantFrom("application/json", "text/csv", "application/x-ndjson", "*/*", "nonsense;;q=x"),
    type: fc.constantFrom(
      "application/json",
      "application/json",
      "application/json",
      "text/plain",
      "application/x-ndjson",
    ),
  })
}

describe("the API", () => {
  it(`answers ${requests} requests of every kind without a crash`, { timeout: 300_000 }, async () => {
    const opened = await door(1_000_000)
    for (let n = 0; n < 50; n++) await addHost(opened.fleet, `host-${n}`)
    const token = await opened.token("admin")
    const routes = await routesOf(opened)
    expect(routes.length).toBeGreaterThan(50)
    const anyRequest = fc.constantFrom(...routes).chain(requestTo)
    let answered = 0
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ route, path, query, unknown, body, accept, type }) => {
        const filled = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent(wellFormed(path[name])),
        )
        const asked = new URLSearchParams(
          Object.entries(query).map(([name, value]): [string, string] => [name, wellFormed(value)]),
        )
        if (unknown !== null) asked.set(wellFormed(unknown), "1")
        // What a person is signed in with would end, and with it what is tried here.
        if (/admin-token/.test(filled + JSON.stringify(body))) return
        const answer = await opened.ask(`${filled}?${asked.toString()}`, {
          method: route.method,
          token,
          headers: { accept, ...(route.method === "POST" ? { "content-type": type } : {}) },
          ...(route.method === "POST" ? { payload: JSON.stringify(body) } : {}),
        })
        answered += 1
        const told = {
          operation: route.operationId,
          url: `${filled}?${asked.toString()}`,
          body,
          status: answer.statusCode,
        }
        if (answer.statusCode >= 500 || answer.body.length > largest)
          fail({ ...told, answer: answer.body.slice(0, 500) })
        if (answer.statusCode >= 400) {
          const { code, detail } = answer.json<{ code: string; detail: string }>()
          if (code === undefined || detail === undefined || /\.[jt]s:\d+/.test(detail))
            fail({ ...told, answer: answer.body.slice(0, 500) })
        }
      }),
      {
        numRuns: requests,
        endOnFailure: true,
        // What was asked may be long, and its route is.
        asyncReporter: async ({ failed, seed, counterexamplePath, errorInstance }) => {
          if (failed)
            throw new Error(`seed ${seed}, path ${counterexamplePath}: ${String(errorInstance).slice(0, 2_000)}`)
        },
      },
    )
    expect(answered).toBeGreaterThan(requests * 0.9)
  })
})

function fail(told: object): never {
  throw new Error(JSON.stringify(told))
}

function wellFormed(value: unknown): string {
  return String(value).toWellFormed()
}
