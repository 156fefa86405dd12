/** The real program in a process of its own, as people run it; never with what this machine's user has configured. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import { type Ended, type Run, runWarm } from "./warm-program.js"
import { whenFinished } from "./when-finished.js"

const main = path.resolve("dist/bin/main.js")

export interface Options {
  readonly data: string
  /** A command that runs the program, e.g. in other namespaces. */
  readonly within?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Longer than any command takes, shorter than anybody waits. */
const patienceMs = 60_000

export function startProgram(args: readonly string[], { data, within = [], env = {} }: Options): ChildProcess {
  const [command = "", ...rest] = [...within, process.execPath, main, ...args]
  return spawn(command, rest, { ...surroundings({ data, env }), stdio: ["ignore", "pipe", "pipe"] })
}

function surroundings({ data, env }: Options): Omit<Run, "args"> {
  const own = { HOME: data, FLEET_LEDGER_DATA: data, FLEET_LEDGER_KEYS: `${data}-keys` }
  return { cwd: path.dirname(data), env: { PATH: process.env["PATH"], TZ: "UTC", ...own, ...env } }
}

export async function fleetLedger(args: readonly string[], options: Options): Promise<Ended> {
  const child = startProgram(args, options)
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, "close")) as [number | null]
  clearTimeout(timer)
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** What a command ends with, in a process that may have run others before: where how it starts and ends is not what is tried. */
export async function ran(args: readonly string[], options: Options): Promise<Ended> {
  const { within = [], env = {} } = options
  const isPlain = within.length === 0 && Object.keys(env).every((name) => name.startsWith("FLEET_LEDGER_"))
  return (isPlain ? await runWarm({ args, ...surroundings(options) }) : undefined) ?? fleetLedger(args, options)
}

/** What a command answers with `--output json`. @throws Error when it fails */
export async function answer<T>(args: readonly string[], options: Options): Promise<T> {
  const { code, stdout, stderr } = await ran([...args, "--output", "json"], options)
  if (code !== 0) throw new Error(`fleet-ledger ${args.join(" ")} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

export interface RunningServer {
  readonly process: ChildProcess
  /** What it printed so far. */
  readonly printed: () => string
  readonly logged: () => string
  /** Asks it to end and waits; the exit code. */
  stop(): Promise<number | null>
}

/** Starts `serve` and waits until it says that it is up. It ends with the test at the latest. */
export async function startServer(port: number, options: Options): Promise<RunningServer> {
  const child = startProgram(["serve", "--listen", `127.0.0.1:${port}`], options)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const ended = once(child, "close") as Promise<[number | null]>
  whenFinished(async () => {
    child.kill("SIGKILL")
    await ended
  })
  const deadline = Date.now() + 20_000
  while (!stdout.text.includes("Press ctrl-c")) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`serve did not come up: ${stderr.text}`)
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), ended])
  }
  return {
    process: child,
    printed: () => stdout.text,
    logged: () => stderr.text,
    async stop() {
      child.kill("SIGINT")
      return (await ended)[0]
    },
  }
}

function collect(stream: NodeJS.ReadableStream | null): { readonly text: string } {
  const collected = { text: "" }
  stream?.setEncoding("utf8")
  stream?.on("data", (chunk: string) => (collected.text += chunk))
  return collected
}
