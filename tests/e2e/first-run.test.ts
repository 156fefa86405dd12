/** The first quarter of an hour with the program: start it, look at it, stop it, start it again. */
import { once } from "node:events"
import * as fs from "node:fs"
import * as http from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { describeCommands } from "#cli/describe.js"
import { run } from "#cli/program.js"
import { freePort } from "#tests/support/free-port.js"
import {
  type Options,
  type RunningServer,
  answer,
  fleetLedger,
  ran,
  startProgram,
  startServer,
} from "#tests/support/program.js"
import { OwnMachine, ownMachinesCanBeMade } from "#tests/support/own-machine.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { sharedByTests } from "#tests/support/when-finished.js"

interface Targets {
  readonly at: { readonly position: number }
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly cpuCores: number
    readonly kernel: string
    readonly os: string
  }[]
}

interface Response {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function get(options: http.RequestOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => (body += chunk))
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    request.on("error", reject)
  })
}

const inFolder = async (): Promise<Options> => ({ data: `${await tempFolder()}/data` })

const socketOf = ({ data }: Options) => `${data}/fleet-ledger.sock`

async function targetsOverSocket(options: Options): Promise<Targets> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const { body } = await get({
      socketPath: socketOf(options),
      path: "/api/v1/targets",
      headers: { host: "localhost" },
    })
    const targets = JSON.parse(body) as Targets
    if (targets.items.length > 0) return targets
    if (Date.now() > deadline) throw new Error("no target after 20 s")
  }
}

describe("a server that was started", () => {
  let options: Options
  let port: number
  let server: RunningServer

  beforeAll(() =>
    sharedByTests(async () => {
      options = await inFolder()
      port = await freePort()
      server = await startServer(port, options)
    }),
  )

  it("has this machine's true facts within 20 s of its start", async () => {
    const [target, ...others] = (await targetsOverSocket(options)).items
    expect(others).toEqual([])
    expect(target).toMatchObject({ name: os.hostname(), cpuCores: os.cpus().length, kernel: os.release() })
    expect(fs.readFileSync("/etc/os-release", "utf8")).toContain(target?.os)
  })

  it("prints a link that opens the page once, and asks strangers who they are", async () => {
    await targetsOverSocket(options)
    const link = new URL(/http:\/\/\S+login\S+/.exec(server.printed())?.[0] ?? "")
    const at = (page: string, headers: http.OutgoingHttpHeaders = {}) =>
      get({ host: "127.0.0.1", port, path: page, headers })

    const opened = await at(link.pathname + link.search)
    const [cookie] = (opened.headers["set-cookie"]?.[0] ?? "").split(";")
    expect([opened.status, opened.headers.location]).toEqual([303, "/"])
    expect((await at("/", { cookie, accept: "text/html" })).body).toContain('<div id="page">')
    expect((await at("/api/v1/targets", { cookie })).status).toBe(200)
    expect((await at(link.pathname + link.search)).status).toBe(401)
    expect((await at("/session")).status).toBe(401)
    expect((await at("/api/v1/targets")).status).toBe(401)
  })

  it("keeps others from its folder and its port, who are told so", async () => {
    const second = await fleetLedger(["serve", "--listen", `127.0.0.1:${await freePort()}`], options)
    expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(/another fleet-ledger is working on .*\n$/)])
    const elsewhere = await fleetLedger(["serve", "--listen", `127.0.0.1:${port}`], await inFolder())
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringMatching(/is taken by another program/)])
  })
})

describe("serve", () => {
  it("ends cleanly when asked to, and goes on where it was", async () => {
    const options = await inFolder()
    const first = await startServer(await freePort(), options)
    const before = await targetsOverSocket(options)
    expect(await first.stop()).toBe(0)
    expect(first.printed()).toContain("Stopped.")
    expect(fs.existsSync(socketOf(options))).toBe(false)
    const again = await startServer(await freePort(), options)
    expect((await targetsOverSocket(options)).items[0]?.id).toBe(before.items[0]?.id)
    expect(await again.stop()).toBe(0)
  })

  it.runIf(ownMachinesCanBeMade())("finds nothing new when it starts again on an idle machine", async () => {
    const machine = await OwnMachine.start("idle")
    const options = { ...(await inFolder()), within: machine.within }
    const port = await freePort()
    const first = await startServer(port, options)
    // It is the server that looks, wherever it is asked from.
    const asked = <T>(...args: readonly string[]) => answer<T>(args, { data: options.data })
    await asked("discover")
    const { at } = await asked<Targets>("targets")
    expect(await first.stop()).toBe(0)
    await startServer(port, options)
    await asked("discover")
    expect((await asked<Targets>("history", "--since", `position:${at.position}`)).items).toEqual([])
  })

  it("ends although somebody follows it, who is told", async () => {
    const options = await inFolder()
    const server = await startServer(await freePort(), options)
    await answer(["discover"], options)
    const watching = startProgram(["watch", "--after", "-1"], options)
    const ended = once(watching, "close")
    const told = text(watching.stderr as Readable)
    const [first] = (await once(watching.stdout as Readable, "data")) as [Buffer]
    expect(String(first)).toContain("TargetDiscovered")
    expect(await server.stop()).toBe(0)
    expect([await told, await ended]).toEqual(["fleet-ledger: the server on this machine has gone\n", [1, null]])
  })

  it("answers on every loopback address that it listens on", async () => {
    const options = await inFolder()
    const port = await freePort()
    const child = startProgram(["serve", "--listen", `127.0.0.2:${port}`], options)
    onTestFinished(() => void child.kill("SIGKILL"))
    await once(child.stdout as Readable, "data")
    expect((await get({ host: "127.0.0.2", port, path: "/openapi.json" })).status).toBe(200)
  })
})

describe("the command line", () => {
  it("answers the same beside a server as without one", async () => {
    const options = await inFolder()
    await answer(["discover"], options)
    const questions = [
      ["targets", "--at", "position:1"],
      ["services", "--at", "position:1"],
      ["show", os.hostname(), "--at", "position:1", "--facets", "all"],
      ["history", os.hostname(), "--at", "position:1"],
      ["diff", "position:0", "position:1", "--at", "position:1"],
    ]
    const ask = async () => {
      const answers: unknown[] = []
      for (const question of questions) answers.push(await answer(question, options))
      return answers
    }
    const alone = await ask()
    await startServer(await freePort(), options)
    expect(await ask()).toEqual(alone)
  })

  it("follows a server, and says so where there is none", async () => {
    const { code, stdout, stderr } = await fleetLedger(["watch"], await inFolder())
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/^fleet-ledger: no server works on [^\n]+\n$/),
    ])
  })

  it("answers all who ask at once in a folder that is not there yet", async () => {
    const { data } = await inFolder()
    const ask = () => fleetLedger(["targets", "--data", `${data}/deep/down`], { data })
    const runs = await Promise.all(Array.from({ length: 4 }, ask))
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, ""]))
  })

  it("has no colours for another program, not even where CI would have them", async () => {
    const options = { ...(await inFolder()), env: { CI: "true" } }
    const { stdout } = await fleetLedger(["targets"], options)
    expect(stdout).toContain("NAME")
    expect(stdout).not.toContain("\u001b")
  })

  it("ends in peace when nobody reads on", async () => {
    const options = await inFolder()
    await answer(["discover"], options)
    const child = startProgram(["show", os.hostname(), "--facets", "all", "--output", "json"], options)
    const [ended, told] = [once(child, "close"), text(child.stderr as Readable)]
    child.stdout?.destroy()
    expect([await told, await ended]).toEqual(["", [0, null]])
  })

  it.runIf(needs("root with setpriv", process.getuid?.() === 0))("serves a user without a name", async () => {
    const { data } = await inFolder()
    await fs.promises.mkdir(data)
    for (const folder of [path.dirname(data), data]) await fs.promises.chown(folder, 54_321, 54_321)
    const within = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"]
    expect((await answer<{ changes: number }>(["discover"], { data, within })).changes).toBeGreaterThan(0)
  })

  it("helps with examples, for every command", async () => {
    const options = await inFolder()
    const { stdout } = await fleetLedger(["--help"], options)
    const commands = [...stdout.matchAll(/^ {2}(\w+) /gm)]
      .map(([, name]) => name as string)
      .filter((name) => name !== "help")
    expect(commands).toContain("diff")
    // In this process: to start the program for each takes as long as the rest of this file.
    const said = vi.spyOn(process.stdout, "write").mockReturnValue(true)
    onTestFinished(() => said.mockRestore())
    for (const command of commands) {
      said.mockClear()
      const code = await run([command, "--help"])
      expect([command, code, said.mock.calls.join("")]).toEqual([command, 0, expect.stringContaining("Examples:")])
    }
  })

  it("gives a command of two words the flags that stand behind it", async () => {
    const options = await inFolder()
    await answer(["rules", "adopt", "usual", "--starter", "--reason", "to begin with"], options)
    const { items } = await answer<{ items: { name: string; reason: string }[] }>(["baselines"], options)
    expect(items).toMatchObject([{ name: "usual", reason: "to begin with" }])
    const rules = await ran(["rules", "usual"], options)
    expect(rules.stdout).toContain("- name: firewall")
  })

  it("has its commands written down as the operations have them", () => {
    const written: unknown = JSON.parse(fs.readFileSync("dist/bin/commands.json", "utf8"))
    expect(written).toEqual(JSON.parse(JSON.stringify(describeCommands())))
  })
})
