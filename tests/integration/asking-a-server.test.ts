/** Asking a server elsewhere, from the command line: what is no answer of one, and leaving before there is one. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { describeCommands } from "#cli/describe.js"
import { remoteCaller } from "#cli/remote.js"
import { refusalOf } from "#tests/support/refusal.js"
import { until } from "#tests/support/until.js"

const specs = new Map(describeCommands().map((spec) => [spec.name, spec]))
const specOf = (name: string) => specs.get(name) as NonNullable<ReturnType<typeof specs.get>>
const forever = new AbortController().signal
const silent = () => undefined

/** @param answer what stands there instead of a server of ours */
async function serverThat(answer: http.RequestListener) {
  const server = http.createServer(answer)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const where = `http://127.0.0.1:${port}`
  return { where, caller: remoteCaller(where, "fl_token") }
}

describe("what answers and is no fleet-ledger", () => {
  it.each([
    [200, "text/html", "<h1>It works!</h1>"],
    [200, "application/json", "7"],
    [204, "text/plain", ""],
    [301, "text/html", ""],
    [404, "text/html", "<h1>Not Found</h1>"],
    [502, "application/json", '{"code":"bad_gateway","detail":"\\u001b[2J"}'],
  ])("is told in one sentence, whatever is asked: %i, %s, %s", async (status, type, body) => {
    const { where, caller } = await serverThat((_, response) => {
      response.writeHead(status, { "content-type": type, location: "/elsewhere" }).end(body)
    })
    const asking = [
      () => caller.invoke(specOf("targets"), {}, forever, silent),
      () => caller.invoke(specOf("tag add"), { target: "a", tag: "b" }, forever, silent),
      () => caller.invoke(specOf("verify"), {}, forever, silent),
      ...(status === 200
        ? []
        : [
            () => caller.read(specOf("report"), { kind: "health" }, forever)[Symbol.asyncIterator]().next(),
            () => caller.follow(specOf("watch"), {}, forever)[Symbol.asyncIterator]().next(),
          ]),
    ]
    for (const ask of asking) {
      const { code, message } = await refusalOf(ask)
      expect([code, message]).toEqual([
        "SourceUnavailable",
        `what answers at ${where} is no fleet-ledger: it said ${status}`,
      ])
    }
  })
})

describe("whoever leaves before there is an answer", () => {
  it.each([
    ["targets", {}, "cancelled"],
    ["tag add", { target: "a", tag: "b" }, "cancelled; whether it did what was asked is not known"],
    ["report", { kind: "health" }, "cancelled"],
  ])("is let go of at once, by %s", async (name, input, message) => {
    let [asked, gone] = [0, 0]
    const { caller } = await serverThat((request) => {
      asked += 1
      request.socket.once("close", () => (gone += 1))
    })
    const leaving = new AbortController()
    const spec = specOf(name)
    const asking =
      spec.kind === "text"
        ? caller.read(spec, input, leaving.signal)[Symbol.asyncIterator]().next()
        : caller.invoke(spec, input, leaving.signal, silent)
    await until(() => asked === 1)
    leaving.abort()
    const refusal = await refusalOf(() => asking)
    expect([refusal.code, refusal.message]).toEqual(["Cancelled", message])
    await until(() => gone === 1)
  })

  it("has a job cancelled that is only just being begun", async () => {
    const leaving = new AbortController()
    const job = { id: "1", operation: "verify", progress: { done: 0, total: 0, what: "" }, result: null, problem: null }
    const problem = { code: "Cancelled", detail: "verifying was cancelled" }
    let isCancelled = false
    const { caller } = await serverThat((request, response) => {
      if (request.method === "POST") leaving.abort()
      if (request.method === "DELETE") isCancelled = true
      const now = isCancelled ? { ...job, state: "cancelled", problem } : { ...job, state: "running" }
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(now))
    })
    const refusal = await refusalOf(() => caller.invoke(specOf("verify"), {}, leaving.signal, silent))
    expect([refusal.code, refusal.message]).toEqual(["Cancelled", "verifying was cancelled"])
  })
})

describe("a token", () => {
  it.each(["http://fleet.example:7400", "http://10.0.0.1:7400", "http://127.evil.example", "http://[fd00::1]"])(
    "is not sent to %s, where everybody on the way could read it",
    async (server) => {
      const { code, message } = await refusalOf(async () => remoteCaller(server, "fl_token"))
      expect([code, message]).toEqual(["InvalidInput", expect.stringContaining("a server is asked by https")])
    },
  )

  it.each(["https://fleet.example", "http://127.0.0.1:7400", "http://localhost:7400", "http://[::1]:7400"])(
    "may be sent to %s",
    (server) => {
      expect(() => remoteCaller(server, "fl_token")).not.toThrow()
    },
  )
})
