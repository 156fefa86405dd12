/**
 * A machine of the test's own, as far as discovery can tell: this one, in namespaces with its own host name, its own sockets and its own copy of the
 * package database. What other tests do to the machine meanwhile is not seen in it, and what is done in it hurts nobody.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { onTestFinished } from "vitest"
import { needs } from "./real-parts.js"
import { tempFolder } from "./temp-folder.js"

const flags = ["--net", "--uts", "--mount"]

/** Whether such a machine can be made here: it takes root, util-linux and iproute2. */
export function ownMachinesCanBeMade(): boolean {
  const probe = spawnSync("unshare", [...flags, "sh", "-c", "ip link set lo up && test -f /var/lib/dpkg/status"])
  return needs("root with unshare, ip and dpkg", probe.status === 0)
}

const dpkgStatus = "/var/lib/dpkg/status"

export class OwnMachine {
  readonly #holder: ChildProcess
  readonly #packages: string

  private constructor(holder: ChildProcess, packages: string) {
    this.#holder = holder
    this.#packages = packages
  }

  static async start(hostname: string): Promise<OwnMachine> {
    const packages = path.join(await tempFolder(), "status")
    await fs.copyFile(dpkgStatus, packages)
    const prepare = `ip link set lo up && hostname ${hostname} && mount --bind ${packages} ${dpkgStatus} && if [ -d /var/lib/apt/lists ]; then mount -t tmpfs tmpfs /var/lib/apt/lists; fi && echo ready && exec sleep 600`
    const holder = spawn("unshare", [...flags, "sh", "-c", prepare], { stdio: ["ignore", "pipe", "inherit"] })
    onTestFinished(() => void holder.kill("SIGKILL"))
    await once(holder.stdout, "data")
    return new OwnMachine(holder, packages)
  }

  /** The command that runs another one in here. */
  get within(): readonly [string, ...string[]] {
    return ["nsenter", "--target", String(this.#holder.pid), ...flags]
  }

  rename(hostname: string): void {
    const [command, ...args] = [...this.within, "hostname", hostname] as const
    const { status, stderr } = spawnSync(command, args)
    if (status !== 0) throw new Error(`hostname: ${String(stderr)}`)
  }

  async install(name: string, version: string): Promise<void> {
    const entry = `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: ${version}\n\n`
    await fs.appendFile(this.#packages, entry)
  }

  async remove(name: string): Promise<void> {
    const text = await fs.readFile(this.#packages, "utf8")
    const others = text.split("\n\n").filter((paragraph) => !paragraph.trim().startsWith(`Package: ${name}\n`))
    // Written in place: the machine has this very file mounted.
    await fs.writeFile(this.#packages, others.join("\n\n"))
  }

  /** Starts a process that listens on loopback, and returns what ends it. */
  async listen(port: number): Promise<() => Promise<void>> {
    const script = `require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("listening"))`
    const [command, ...args] = [...this.within, process.execPath, "-e", script] as const
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
    const ended = once(child, "close")
    onTestFinished(() => void child.kill("SIGKILL"))
    await once(child.stdout, "data")
    return async () => {
      child.kill("SIGKILL")
      await ended
    }
  }
}
