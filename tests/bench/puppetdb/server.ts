/** PuppetDB on a PostgreSQL of its own, as Debian has them, on loopback and in a folder that goes with them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import type { JsonObject } from "#kernel/json.js"
import { freePort } from "#tests/support/free-port.js"
import { setTimeout as sleep } from "node:timers/promises"

const postgresql = "/usr/lib/postgresql/15/bin"
const jar = "/usr/share/puppetdb/puppetdb.jar"
const startsWithinMs = 180_000
const keepsUpWithinMs = 600_000
const betweenAsksMs = 50
/** Commands that are on their way at once: what it takes of them waits on its disk. */
const atOnce = 16

export interface Facts {
  readonly certname: string
  readonly values: JsonObject
  readonly packages: readonly (readonly [name: string, version: string, provider: string])[]
}

export class PuppetDb {
  readonly #postgres: ChildProcess
  readonly #java: ChildProcess
  readonly #url: string
  readonly #database: number

  private constructor(postgres: ChildProcess, java: ChildProcess, url: string, database: number) {
    this.#postgres = postgres
    this.#java = java
    this.#url = url
    this.#database = database
  }

  static async start(folder: string): Promise<PuppetDb> {
    const [database, port] = [await freePort(), await freePort()]
    const data = path.join(folder, "data")
    const settings = path.join(folder, "conf.d")
    for (const each of [data, settings]) fs.mkdirSync(each, { recursive: true })
    execFileSync("chown", ["-R", "postgres", data])
    asPostgres("initdb", "-D", data, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
    const address = ["-h", "127.0.0.1", "-p", String(database)]
    const postgres = spawn(
      "runuser",
      ["-u", "postgres", "--", `${postgresql}/postgres`, "-D", data, ...address, "-k", data],
      { stdio: "ignore" },
    )
    // Whatever goes wrong from here on.
    process.once("exit", () => postgres.kill())
    await until(() => succeeds(() => asPostgres("pg_isready", ...address)), startsWithinMs)
    asPostgres("createdb", ...address, "puppetdb")
    asPostgres("psql", ...address, "-c", "create extension pg_trgm", "puppetdb")
    const vardir = path.join(folder, "var")
    fs.mkdirSync(vardir)
    fs.writeFileSync(path.join(settings, "config.ini"), `[global]\nvardir = ${vardir}\n`)
    fs.writeFileSync(
      path.join(settings, "database.ini"),
      `[database]\nsubname = //127.0.0.1:${database}/puppetdb\nusername = postgres\npassword = none\n`,
    )
    fs.writeFileSync(path.join(settings, "jetty.ini"), `[jetty]\nhost = 127.0.0.1\nport = ${port}\n`)
    fs.copyFileSync("/etc/puppetdb/conf.d/auth.conf", path.join(settings, "auth.conf"))
    const main = ["clojure.main", "-m", "puppetlabs.puppetdb.core", "services"]
    const configured = ["--config", settings, "--bootstrap-config", "/etc/puppetdb/bootstrap.cfg"]
    fs.writeFileSync(path.join(folder, "restart"), "0")
    const java = spawn(
      "java",
      ["-Xmx512m", "-cp", jar, ...main, ...configured, "--restart-file", path.join(folder, "restart")],
      { stdio: ["ignore", fs.openSync(path.join(folder, "log"), "w"), "inherit"] },
    )
    process.once("exit", () => java.kill())
    const url = `http://127.0.0.1:${port}`
    await until(async () => (await answered(`${url}/status/v1/simple`)) === "running", startsWithinMs)
    return new PuppetDb(postgres, java, url, database)
  }

  /** Until all of them can be asked for. */
  async replaceFacts(all: readonly Facts[], time: string): Promise<void> {
    const queue = [...all]
    const send = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) await this.#replace(next, time)
    }
    await Promise.all(Array.from({ length: atOnce }, send))
    const query = `factsets[count()] { producer_timestamp = "${time}" }`
    await until(async () => {
      const [row] = (await this.#ask(query)) as { count: number }[]
      return row?.count === all.length
    }, keepsUpWithinMs)
  }

  /** How many machines have a package of a version. */
  async installed(version: string): Promise<number> {
    const query = `package_inventory[certname] { version = "${version}" group by certname }`
    return (await this.#ask(query)).length
  }

  /** Of its database. */
  bytes(): number {
    const address = ["-h", "127.0.0.1", "-p", String(this.#database)]
    return Number(
      asPostgres("psql", ...address, "-Atc", "vacuum", "-c", "select pg_database_size('puppetdb')", "puppetdb")
        .split("\n")
        .at(-2),
    )
  }

  /** Of its Java alone, resident. */
  memory(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${this.#java.pid}/status`, "utf8")) ?? []
    return Number(kilobytes) * 1_024
  }

  async stop(): Promise<void> {
    for (const child of [this.#java, this.#postgres]) {
      if (child.exitCode !== null) continue
      child.kill("SIGTERM")
      await once(child, "close")
    }
  }

  async #replace({ certname, values, packages }: Facts, time: string): Promise<void> {
    const body = {
      certname,
      environment: "production",
      producer: "bench",
      producer_timestamp: time,
      values,
      package_inventory: packages,
    }
    const place = `/pdb/cmd/v1?command=replace_facts&version=5&certname=${certname}&producer-timestamp=${time}`
    const answer = await fetch(this.#url + place, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`PuppetDB does not take facts: ${await answer.text()}`)
  }

  async #ask(query: string): Promise<object[]> {
    const answer = await fetch(`${this.#url}/pdb/query/v4`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    })
    if (!answer.ok) throw new Error(`PuppetDB does not understand ${query}: ${await answer.text()}`)
    return (await answer.json()) as object[]
  }
}

function asPostgres(program: string, ...args: string[]): string {
  return execFileSync("runuser", ["-u", "postgres", "--", `${postgresql}/${program}`, ...args], {
    encoding: "utf8",
    cwd: "/",
    stdio: ["ignore", "pipe", "ignore"],
  })
}

function succeeds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

async function answered(url: string): Promise<string | undefined> {
  try {
    return await (await fetch(url)).text()
  } catch {
    return undefined
  }
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for: ${condition.toString()}`)
    await sleep(betweenAsksMs)
  }
}
