/** One operation, several doors: whatever is asked for, now and of any point in time, they give the same. Made from the registry, so that what is added is asked too. */
import { InMemoryTransport } from "@modelcontextprotocol/client"
import { pino } from "pino"
import { describe, expect, it, onTestFinished } from "vitest"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import { describeCommands } from "#cli/describe.js"
import { remoteCaller } from "#cli/remote.js"
import { type Fleet, openFleet } from "#fleet.js"
import { type ErrorCode, FleetError } from "#kernel/errors.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { operationsOf } from "#mcp/in-process.js"
import { mcpServer } from "#mcp/server.js"
import { tools } from "#mcp/tools.js"
import { neutral } from "#mcp/untrusted.js"
import type { Operation, Principal } from "#operations/define.js"
import { follow, invoke, read } from "#operations/invoke.js"
import { operations } from "#operations/registry.js"
import { hour } from "#simulation/time.js"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { agent } from "#tests/support/agent.js"
import { alertId, raise } from "#tests/support/alerts.js"
import { asker } from "#tests/support/asker.js"
import { freePort } from "#tests/support/free-port.js"
import { answer as programs } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"

const forever = new AbortController().signal
const silent = () => {}

/** Some machines with services and stacks, after a day of their life; `before` names its beginning. The clock stands still a day later. */
async function simulated(): Promise<{ readonly data: string; readonly fleet: Fleet }> {
  const data = `${await tempFolder()}/data`
  const config = simulationConfig(data, { FLEET_LEDGER_KEYS: `${data}-keys` })
  const size = { targets: 6, services: 4, days: 1, seed: 3, every: 6 * hour }
  await simulate(config, size, { progress: silent, signal: forever, failed: fail })
  const access = { requestsPerSecond: 100_000 }
  const fleet = await openFleet({ ...config, access }, new TestClock("2025-01-03T00:00:00.000Z"))
  onTestFinished(() => fleet.close())
  const ask = asker<{ at: { position: number } }>(fleet)
  await ask("snapshot create", { name: "before", at: "position:12" })
  await raise(fleet.ledger, "web-1")
  await ask("query save", { name: "ours", q: "name:*" })
  return { data, fleet }
}

function fail(error: unknown): never {
  throw error
}

/** What is given to inputs that must be given; what is called the same means the same, but for this one. */
async function samplesOf(fleet: Fleet): Promise<(operation: Operation) => Record<string, unknown>> {
  const { items } = await asker<{ items: readonly { id: string }[] }>(fleet)("targets")
  const samples: Readonly<Record<string, unknown>> = {
    q: "name:*",
    entity: items[0]?.id,
    from: "position:5",
    name: "before",
    position: 3,
    alert: alertId("web-1"),
  }
  const others: Readonly<Record<string, Record<string, unknown>>> = {
    complete: { q: "ro" },
    report: { kind: "summary" },
    evidence: { since: "position:5" },
    "snapshot compare": { from: "before" },
    "proof consistency": { from: 4 },
  }
  return ({ name, input }) => {
    const wanted = Object.entries(input.shape).filter(([, schema]) => !schema.safeParse(undefined).success)
    return Object.fromEntries(wanted.map(([field]) => [field, others[name]?.[field] ?? samples[field]]))
  }
}

const specs = new Map(describeCommands().map((spec) => [spec.name, spec]))
function specOf({ name }: Operation) {
  const spec = specs.get(name)
  if (spec === undefined) throw new Error(`the command line does not know ${name}`)
  return spec
}

async function all(items: AsyncIterable<unknown>): Promise<Json> {
  const answers = []
  for await (const item of items) answers.push(item)
  return JSON.parse(JSON.stringify(answers)) as Json
}

type Door = (operation: Operation, input: Record<string, unknown>) => Promise<Json>

/** Every door of one fleet, opened for one principal. */
async function doorsTo(fleet: Fleet): Promise<Readonly<Record<string, Door>>> {
  const port = await freePort()
  const app = await buildApi(fleet, onLoopback(port), pino({ level: "silent" }))
  onTestFinished(() => app.close())
  await app.listen({ host: "127.0.0.1", port })
  const server = `http://127.0.0.1:${port}`
  const { secret } = await fleet.ops.tokens.create("ada", "admin", 1e12)
  const principal: Principal = { name: "token:ada", scope: "admin" }
  const call = { fleet, principal, signal: forever, progress: silent }
  const caller = remoteCaller(server, secret)

  const inProcess: Door = async (operation, input) => {
    if (operation.kind === "stream") return all(await follow(operation, call, input))
    if (operation.kind === "text") return all((await read(operation, call, input)).pieces).then(joined)
    return JSON.parse(JSON.stringify(await invoke(operation, call, input))) as Json
  }
  const commandLine: Door = async (operation, input) => {
    const spec = specOf(operation)
    if (operation.kind === "stream") return all(caller.follow(spec, input, forever))
    if (operation.kind === "text") return all(caller.read(spec, input, forever)).then(joined)
    return (await caller.invoke(spec, input, forever, silent)) as Json
  }
  const http: Door = async ({ route, kind }, input) => {
    const rest = new Map(Object.entries(input).map(([key, value]) => [key, String(value)]))
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = rest.get(name) ?? ""
      rest.delete(name)
      return encodeURIComponent(value)
    })
    const asked = async (url: string, method: string) => {
      const headers = { authorization: `Bearer ${secret}`, accept: kind === "stream" ? "application/x-ndjson" : "*/*" }
      const response = await fetch(`${server}${url}`, { method, headers })
      const text = await response.text()
      if (response.ok) return text
      const { code, detail } = JSON.parse(text) as { code: ErrorCode; detail: string }
      throw new FleetError(code, detail)
    }
    const text = await asked(`${path}?${new URLSearchParams([...rest]).toString()}`, route.method)
    if (kind === "text") return text
    if (kind === "stream")
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Json)
    if (kind !== "job") return JSON.parse(text) as Json
    const { id } = JSON.parse(text) as { id: string }
    for (;;) {
      const job = JSON.parse(await asked(`/api/v1/jobs/${id}?wait=true`, "GET")) as { state: string; result: Json }
      if (job.state !== "running") return job.result
    }
  }
  return { inProcess: orRefusal(inProcess), commandLine: orRefusal(commandLine), http: orRefusal(http) }
}

/** Others write to the disk too. */
function steady(answer: Json): Json {
  return JSON.parse(JSON.stringify(answer).replaceAll(/[\d.]+ GiB free/g, "so much free")) as Json
}

/** What is refused is refused with the same sentence. */
function orRefusal(ask: Door): Door {
  return (operation, input) =>
    ask(operation, input).then(steady, (error: unknown) => {
      if (error instanceof FleetError) return { refused: error.code, detail: error.message }
      throw error
    })
}

function joined(pieces: Json): Json {
  return (pieces as readonly string[]).join("")
}

/** What changes nothing and ends. */
const asking = operations.filter(({ kind, scope, ...operation }) =>
  kind === "stream"
    ? "finite" in operation
    : kind === "query" || kind === "text" || (kind === "job" && scope === "read"),
)
const isRead = ({ kind }: Operation) => kind === "query" || kind === "text"

describe("the doors", () => {
  it("give the same, now and of any point in time", { timeout: 60_000 }, async () => {
    const { fleet } = await simulated()
    const doors = await doorsTo(fleet)
    const inputOf = await samplesOf(fleet)
    expect(asking.length).toBeGreaterThan(25)
    for (const operation of asking) {
      // What is accounted for is once: then the ledger stays as it is.
      await doors["inProcess"]?.(operation, inputOf(operation))
    }
    for (const operation of asking) {
      for (const at of isRead(operation) ? [undefined, "position:15", "snapshot:before", "-36h"] : [undefined]) {
        const input = { ...inputOf(operation), ...(at !== undefined && { at }) }
        const answers: Record<string, Json> = {}
        for (const [door, ask] of Object.entries(doors)) answers[door] = await ask(operation, input)
        const asked = { operation: operation.name, at }
        expect({ ...asked, answer: answers["http"] }).toEqual({ ...asked, answer: answers["inProcess"] })
        expect({ ...asked, answer: answers["commandLine"] }).toEqual({ ...asked, answer: answers["inProcess"] })
        if (at === undefined) expect(answers["http"]).not.toHaveProperty("refused")
      }
    }
  })

  it("give an agent what they give everybody, if less of it", { timeout: 60_000 }, async () => {
    const { fleet } = await simulated()
    const { http } = await doorsTo(fleet)
    const asked: { operation: Operation; input: Record<string, unknown> }[] = []
    const principal: Principal = { name: "token:ada", scope: "admin" }
    const [here, there] = InMemoryTransport.createLinkedPair()
    const server = mcpServer({
      within: (_signal, work) =>
        work({
          ...operationsOf({ fleet, principal }),
          invoke(operation, input, signal, progress) {
            asked.push({ operation, input })
            return invoke(operation, { fleet, principal, signal, progress }, input)
          },
        }),
      allows: () => false,
      failed: fail,
    })
    await server.connect(there)
    const { use } = await agent(here)
    const inputs: Readonly<Record<string, object>> = {
      search_fleet: { query: "name:*" },
      diff_inventory: { from: "position:5" },
      compare_snapshots: { snapshot_a: "before" },
      find_stale_targets: { hours: 12 },
      get_unhealthy_targets: { threshold: 1 },
    }
    // Their lists are those of the first operation that they ask. (Reports have another shape in few words: mcp.test.ts.)
    const one = tools.filter(
      ({ output, uses, writes }) =>
        writes === undefined &&
        uses.every(({ kind }) => kind !== "text") &&
        ("items" in output.shape || uses.length === 1),
    )
    expect(one.length).toBeGreaterThan(7)
    for (const { name, input, uses } of one) {
      for (const at of Object.hasOwn(input.shape, "at") ? [undefined, "position:15"] : [undefined]) {
        asked.length = 0
        const told = await use<JsonObject>(name, { ...inputs[name], ...(at !== undefined && { at }) })
        const { operation, input: given } = asked.findLast(
          (call) => call.operation === uses[0],
        ) as (typeof asked)[number]
        const answer = await http?.(operation, given)
        expect({ name, at, more: moreThan(told, neutral(answer as Json)) }).toEqual({ name, at, more: [] })
      }
    }
  })

  it("are the program itself", { timeout: 60_000 }, async () => {
    const { data, fleet } = await simulated()
    const inputOf = await samplesOf(fleet)
    const ask = asker<JsonObject>(fleet)
    const sampled = ["targets", "show", "diff", "snapshot list"]
    const wanted = new Map<string, JsonObject>()
    const questions = sampled.flatMap((name) => {
      const operation = operations.find((candidate) => candidate.name === name) as Operation
      return [undefined, "position:15"].map((at) => ({ operation, at, input: inputOf(operation) }))
    })
    for (const { operation, at, input } of questions)
      wanted.set(`${operation.name} ${at}`, await ask(operation.name, { ...input, ...(at !== undefined && { at }) }))
    await fleet.close()
    for (const { operation, at, input } of questions) {
      const positional = operation.command.positional.map((argument) => argument.replace(/^\[(.*)\]$/, "$1"))
      const given = positional.flatMap((field) => (input[field] === undefined ? [] : [input[field] as string]))
      const args = [...operation.command.name.split(" "), ...given, ...(at === undefined ? [] : ["--at", at])]
      const printed = await programs<JsonObject>(args, { data })
      const expected = JSON.parse(JSON.stringify(wanted.get(`${operation.name} ${at}`))) as JsonObject
      // Now is later there, and its own.
      expect({ args, printed }).toEqual({
        args,
        printed: { ...expected, ...(at === undefined && later(printed, expected)) },
      })
    }
  })
})

/** What depends on when now is. */
function later(printed: JsonObject, expected: JsonObject): JsonObject {
  const depends = ["at", "to", "next"].filter((key) => isObject(expected[key]) || typeof expected[key] === "string")
  return Object.fromEntries(depends.map((key) => [key, printed[key] as Json]))
}

/** What an agent is told besides. */
const own = new Set(["notice", "omitted", "next", "before", "totals", "failingChecks", "openAlerts", "judged"])

/** Where an answer says what the other does not; of lists, each item must be in the other. */
function moreThan(told: Json, whole: Json | undefined, path = ""): string[] {
  const isOwn = (key: string) => own.has(key) && path === ""
  if (Array.isArray(told)) {
    const among: readonly Json[] = Array.isArray(whole) ? whole : []
    return told.flatMap((item: Json, i) =>
      among.some((other) => moreThan(item, other, `${path}/${i}`).length === 0) ? [] : [`${path}/${i}`],
    )
  }
  if (!isObject(told)) return told === whole ? [] : [`${path}: ${JSON.stringify(told)} ≠ ${JSON.stringify(whole)}`]
  const other: JsonObject = isObject(whole) ? whole : {}
  return Object.entries(told).flatMap(([key, inside]) =>
    isOwn(key) ? [] : moreThan(inside, other[key], `${path}/${key}`),
  )
}
