/**
 * Serving while discovery writes: how long askers wait, whether memory grows, and what a page that somebody has already costs. The server is bundled and runs in a process of its
 * own, as it does where it is installed. Half of what is asked is of the past: of points since all the machines were known, as nobody asks how one was doing before that (it is not found).
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { build } from "esbuild"
import { simulate, simulationConfig } from "#simulation/simulate.js"
import { day } from "#simulation/time.js"
import { freePort } from "#tests/support/free-port.js"
import { type Row, percentile } from "./report.js"
import { random } from "./synthetic-fleet.js"

const connections = 64
const writesPerSecond = 500
const seconds = 30
/** How often each connection asks, where they do not ask as fast as they can. */
const everyMs = 500

export async function benchServe(folder: string, targets: number): Promise<Row[]> {
  const { data, keys } = await prepared(folder, targets)
  const port = await freePort()
  const child = fork(await bundled(), [data, keys, String(port), String(writesPerSecond)], { execArgv: [] })
  const told = (await answer(child)) as Told
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const ask = (url: string) => get(agent, port, url, told.secret)
  const dice = random(11)
  const urls = mixed(told, dice)
  await load(ask, urls, dice, 3, 0)
  const before = await sizeOf(child)
  const { times, errors, count } = await load(ask, urls, dice, seconds, everyMs)
  const after = await sizeOf(child)
  const fast = await load(ask, urls, dice, 10, 0)
  const written = (after.written - before.written) / seconds
  child.send("stop")
  await ask("/api/v1/targets?limit=50")
  const page = await rate(ask, "/api/v1/targets?limit=50&at=position:100")
  const constant = await rate(ask, "/constant")
  agent.destroy()
  child.disconnect()
  await once(child, "exit")
  const p99 = percentile(times, 0.99)
  const cpu = (secondsOf(after.cpu) - secondsOf(before.cpu)) / seconds
  const grown = (after.rss - before.rss) / 2 ** 20
  const cached = page / constant
  return [
    {
      what: `${connections} connections reading every ${everyMs} ms, ${targets.toLocaleString("en")} targets, ${Math.round(written)} changes/s, p99`,
      budget: "≤ 50 ms",
      measured: `${p99.toFixed(0)} ms (median ${percentile(times, 0.5).toFixed(0)} ms, ${Math.round(count / seconds)}/s, ${errors} errors)`,
      pass: p99 <= 50 && errors === 0,
    },
    {
      what: "the same, each asking as fast as it is answered",
      budget: "none",
      measured: `${Math.round(fast.count / 10)}/s (p99 ${percentile(fast.times, 0.99).toFixed(0)} ms, ${fast.errors} errors)`,
      pass: fast.errors === 0,
    },
    {
      what: "CPU of the server meanwhile, of all its threads, a second",
      budget: "none",
      measured: `${cpu.toFixed(2)} s`,
      pass: true,
    },
    {
      what: "memory meanwhile",
      budget: "≤ 300 MB, flat",
      measured: `${Math.round(after.rss / 2 ** 20)} MB, ${grown >= 0 ? "+" : ""}${grown.toFixed(0)} MB in ${seconds} s`,
      pass: after.rss <= 300 * 2 ** 20 && grown < 50,
    },
    {
      what: "a page that the asker has, against a constant answer of 25 kB",
      budget: "≥ 0.5 ×",
      measured: `${cached.toFixed(2)} × (${Math.round(page)}/s, ${Math.round(constant)}/s)`,
      pass: cached >= 0.5,
    },
  ]
}

/** A fleet of its own for this run: what is written to it is gone with the next. It is simulated once and copied. */
async function prepared(folder: string, targets: number): Promise<{ readonly data: string; readonly keys: string }> {
  const [fleet, served] = [path.join(folder, `fleet-${targets}`), path.join(folder, "served")]
  if (!fs.existsSync(fleet)) {
    const made = path.join(folder, "making")
    fs.rmSync(made, { recursive: true, force: true })
    const config = simulationConfig(path.join(made, "data"), { FLEET_LEDGER_KEYS: path.join(made, "keys") })
    const request = { targets, services: 5, days: 1, seed: 1, every: day / 2 }
    const signal = new AbortController().signal
    await simulate(config, request, { progress: () => {}, signal, failed: console.error })
    fs.renameSync(made, fleet)
  }
  fs.rmSync(served, { recursive: true, force: true })
  fs.cpSync(fleet, served, { recursive: true, mode: fs.constants.COPYFILE_FICLONE })
  return { data: path.join(served, "data"), keys: path.join(served, "keys") }
}

/** The server as one file, in the folder that packages are found from. */
async function bundled(): Promise<string> {
  const outfile = path.join(import.meta.dirname, "..", "..", "dist", "bench", "server.mjs")
  await build({
    entryPoints: [path.join(import.meta.dirname, "serve", "server.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["source"],
    packages: "external",
    logLevel: "warning",
  })
  return outfile
}

/** Lists, entities, searches, counts, history and small diffs, half of them of the past. */
function mixed({ since, head, names }: Told, dice: () => number): () => string {
  const name = () => names[Math.floor(dice() * names.length)] ?? ""
  const then = () => (dice() < 0.5 ? "" : `&at=position:${since + Math.floor(dice() * (head - since))}`)
  const kinds = [
    () => `/api/v1/targets?limit=50${then()}`,
    () => `/api/v1/targets?limit=50&q=status:critical${then()}`,
    () => `/api/v1/services?limit=50&q=status:failed${then()}`,
    () => `/api/v1/entities/${name()}?${then()}`,
    () => `/api/v1/entities/${name()}?${then()}`,
    () => `/api/v1/history?entity=${name()}&limit=20`,
    () => `/api/v1/history?limit=50`,
    () => `/api/v1/diff?from=position:${Math.max(0, head - 50)}&to=position:${head}`,
  ]
  return () => (kinds[Math.floor(dice() * kinds.length)] ?? (() => "/livez"))()
}

/** What the server says when it is there: a token, positions, and how the machines are called that are asked about. */
interface Told {
  readonly secret: string
  /** From here on all of them were known. */
  readonly since: number
  readonly head: number
  readonly names: readonly string[]
}

type Ask = (url: string) => Promise<{ readonly status: number; readonly etag: string | undefined }>

/** @param every ms from one question of a connection to its next on average, by chance, as people who know nothing of each other ask; 0 as soon as it is answered */
async function load(ask: Ask, url: () => string, dice: () => number, forSeconds: number, every: number) {
  const times: number[] = []
  let errors = 0
  const until = performance.now() + forSeconds * 1_000
  const one = async () => {
    let due = performance.now()
    while (performance.now() < until) {
      due += -Math.log(1 - dice()) * every
      const left = due - performance.now()
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
      const started = performance.now()
      const { status } = await ask(url())
      times.push(performance.now() - started)
      if (status !== 200) errors += 1
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { times, errors, count: times.length }
}

/** Answers a second, with as many connections, of one address; with the tag of the answer before, where there is one. */
async function rate(ask: Ask, url: string): Promise<number> {
  const { etag } = await ask(url)
  const asked = () => ask(etag === undefined ? url : `${url}#${etag}`)
  const until = performance.now() + 3_000
  let count = 0
  const one = async () => {
    while (performance.now() < until) {
      await asked()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return count / 3
}

/** @param url what is behind `#` goes with it as a tag */
function get(agent: http.Agent, port: number, url: string, token: string): ReturnType<Ask> {
  const [path_ = "", tag] = url.split("#")
  const headers = { authorization: `Bearer ${token}`, ...(tag === undefined ? {} : { "if-none-match": tag }) }
  return new Promise((resolve, reject) => {
    const request = http.get({ agent, host: "127.0.0.1", port, path: path_, headers }, (response) => {
      response.resume()
      response.once("end", () => resolve({ status: response.statusCode ?? 0, etag: response.headers.etag }))
    })
    request.once("error", reject)
  })
}

async function answer(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, "message")) as [unknown]
  return message
}

interface Size {
  readonly rss: number
  readonly written: number
  readonly cpu: NodeJS.CpuUsage
}

async function sizeOf(child: ChildProcess): Promise<Size> {
  child.send("size")
  return (await answer(child)) as Size
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}
