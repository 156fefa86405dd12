/**
 * A Docker Engine of the test's own: a real dockerd with its own data, in its own network namespace, on a socket in a folder of its own. What is
 * published in it is seen by nobody else, and nothing of it is left when it is stopped, or when this process ends.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import Docker from "dockerode"
import { needs } from "./real-parts.js"
import { until } from "./until.js"

/** Whether such an engine can be started here. */
export function dockerEnginesCanBeStarted(): boolean {
  const probe = spawnSync("unshare", [
    "--net",
    "sh",
    "-c",
    "ip link set lo up && command -v dockerd busybox setpriv tar",
  ])
  return needs("root with dockerd, busybox-static, unshare and ip", probe.status === 0)
}

export interface EngineTls {
  readonly port: number
  /** The files are `ca.pem`, `cert.pem` and `key.pem` in here. */
  readonly folder: string
}

export class DockerEngine {
  readonly folder: string
  readonly socket: string
  /** A client that is not ours. */
  readonly docker: Docker
  readonly #command: readonly [string, ...string[]]
  #daemon: ChildProcess | undefined

  private constructor(folder: string, tls: EngineTls | undefined) {
    this.folder = folder
    this.socket = path.join(folder, "docker.sock")
    this.docker = new Docker({ socketPath: this.socket, host: undefined })
    this.#command = commandOf(folder, this.socket, tls)
  }

  /** Ready, with the image `box:1`. With `tls` it listens on loopback too, and so has no network of its own. */
  static async start(tls?: EngineTls): Promise<DockerEngine> {
    const engine = new DockerEngine(await fs.mkdtemp(path.join(os.tmpdir(), "fleet-ledger-docker-")), tls)
    try {
      await engine.start()
      const image = await engine.docker.importImage(await rootFilesystem(engine.folder), { repo: "box", tag: "1" })
      await once(image.resume(), "end")
      return engine
    } catch (error) {
      await engine.stop()
      throw error
    }
  }

  async start(): Promise<void> {
    const [command, ...args] = this.#command
    this.#daemon = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] })
    let log = ""
    this.#daemon.stderr?.on("data", (text) => (log = `${log}${String(text)}`.slice(-2_000)))
    await until(async () => {
      if (this.#hasEnded) throw new Error(`dockerd has ended: ${log}`)
      return this.#answers()
    })
  }

  /** As by a failure of its own. Its containers are best not running, or its next start would wait for their end. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL")
    // It is dead with it, but where nobody buries the dead its number is not free, and the next start would wait for it.
    await fs.rm(path.join(this.folder, "exec/containerd/containerd.pid"), { force: true })
  }

  freeze(): void {
    this.#daemon?.kill("SIGSTOP")
  }

  thaw(): void {
    this.#daemon?.kill("SIGCONT")
  }

  /** Creates and starts a container of `box:1`. */
  async run(name: string, options: Docker.ContainerCreateOptions = {}): Promise<Docker.Container> {
    const container = await this.docker.createContainer({ name, Image: "box:1", Cmd: ["sleep", "600"], ...options })
    await container.start()
    return container
  }

  /** Removes the containers with these names, or all. */
  async remove(...names: readonly string[]): Promise<void> {
    const listed = await this.docker.listContainers({ all: true })
    const ids = names.length > 0 ? names : listed.map(({ Id }) => Id)
    // One that removes itself may be at it.
    const removals = ids.map((id) =>
      this.docker
        .getContainer(id)
        .remove({ force: true, v: true })
        .catch(() => undefined),
    )
    await Promise.all(removals)
    await until(async () => {
      const left = await this.docker.listContainers({ all: true })
      return !left.some(({ Id, Names }) => ids.includes(Id) || Names.some((name) => ids.includes(name.slice(1))))
    })
  }

  /** docker-compose on a project of this text. */
  compose(project: string, text: string, ...args: readonly string[]): void {
    const options = {
      input: text,
      env: { ...process.env, DOCKER_HOST: `unix://${this.socket}` },
      stdio: "pipe",
    } as const
    execFileSync("docker-compose", ["-p", project, "-f", "-", ...args], { ...options, cwd: this.folder })
  }

  async stop(): Promise<void> {
    this.thaw()
    if (this.#hasEnded) await this.start().catch(() => undefined)
    await this.remove().catch(() => undefined)
    await this.#end("SIGTERM")
    // What a daemon that failed has left mounted.
    for (const line of (await fs.readFile("/proc/self/mountinfo", "utf8")).split("\n").toReversed()) {
      const mountPoint = line.split(" ")[4] ?? ""
      if (mountPoint.startsWith(`${this.folder}/`)) spawnSync("umount", ["--lazy", mountPoint])
    }
    await fs.rm(this.folder, { recursive: true, force: true })
  }

  get #hasEnded(): boolean {
    return this.#daemon === undefined || this.#daemon.exitCode !== null || this.#daemon.signalCode !== null
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon
    if (daemon === undefined || this.#hasEnded) return
    const ended = once(daemon, "exit")
    daemon.kill(signal)
    await ended
  }

  async #answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    )
  }
}

/** It ends with this process, however that ends. */
function commandOf(folder: string, socket: string, tls: EngineTls | undefined): [string, ...string[]] {
  const file = (name: string) => path.join(folder, name)
  const places = [`--data-root=${file("data")}`, `--exec-root=${file("exec")}`, `--pidfile=${file("pid")}`]
  const dockerd = ["dockerd", "--log-level=error", "--shutdown-timeout=1", `--host=unix://${socket}`, ...places]
  const ending = ["--pdeathsig", "TERM"]
  if (tls === undefined) {
    const addresses = "--bip=198.18.100.1/24 --default-address-pool=base=198.19.0.0/16,size=24"
    const script = `ip link set lo up && exec "$@" ${addresses}`
    return ["unshare", "--net", "setpriv", ...ending, "sh", "-c", script, "sh", ...dockerd]
  }
  const pem = (of: string) => path.join(tls.folder, `${of}.pem`)
  const certificates = [`--tlscacert=${pem("ca")}`, `--tlscert=${pem("cert")}`, `--tlskey=${pem("key")}`]
  const listening = [`--host=tcp://127.0.0.1:${tls.port}`, "--tlsverify", ...certificates]
  const withoutNetwork = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
  return ["setpriv", ...ending, ...dockerd, ...withoutNetwork, ...listening]
}

/** A file system of busybox alone, as a tar file. */
async function rootFilesystem(folder: string): Promise<string> {
  const root = path.join(folder, "rootfs")
  await fs.mkdir(path.join(root, "bin"), { recursive: true })
  await fs.copyFile(execFileSync("which", ["busybox"], { encoding: "utf8" }).trim(), path.join(root, "bin/busybox"))
  for (const applet of ["sh", "sleep", "true", "false", "test", "touch", "rm"]) {
    await fs.symlink("busybox", path.join(root, "bin", applet))
  }
  const file = path.join(folder, "rootfs.tar")
  execFileSync("tar", ["-C", root, "-cf", file, "."])
  return file
}
