/**
 * A fleet of hosts with a real sshd each, the test's own. On loopback they are this machine under other addresses, which is enough for what goes over the wire;
 * apart, each has its own network behind a bridge, host name, machine id and processes, and faults of the network are real.
 *
 * All of it is in namespaces that end with the test, or with the file that shares them. A process cannot enter a network while it runs, so a relay leads to hosts that are apart.
 */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import type { Duplex } from "node:stream"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Dial } from "#discovery/sources/ssh/connect.js"
import type { Environment } from "#discovery/sources/ssh/resolve.js"
import { needs } from "./real-parts.js"
import { type Units, becomeSystemd, controlGroup } from "./systemd.js"
import { tempFolder } from "./temp-folder.js"
import { until } from "./until.js"
import { whenFinished } from "./when-finished.js"

/** Whether such hosts can be made here: it takes root, util-linux, and sshd. */
export function sshFleetsCanBeMade(): boolean {
  const probe = spawnSync("unshare", ["--mount", "--pid", "--fork", "--mount-proc", "test", "-x", "/usr/sbin/sshd"])
  return needs("root with unshare and sshd", probe.status === 0)
}

/** Whether they can be apart, too. */
export function sshHostsCanBeApart(): boolean {
  const probe = spawnSync("unshare", ["--net", "--uts", "ip", "link", "add", "br0", "type", "bridge"])
  return needs("root with network namespaces and ip", probe.status === 0)
}

export interface FleetOptions {
  readonly apart?: boolean
  /** Further lines of everybody's sshd_config. */
  readonly sshd?: string
  /** What systemd runs on each; without them there is none. It takes hosts that are apart. */
  readonly units?: Units
}

/** The account without rights; the other one is root. */
const account = "fleet"

export class SshFleet {
  readonly folder: string
  readonly hosts: readonly SshdHost[]
  /** How to get there, where it takes more than connecting. */
  readonly dial: Dial | undefined
  /** The command that runs another one where the hosts can be reached. */
  readonly nearby: readonly string[]

  private constructor(folder: string, hosts: readonly SshdHost[], dial: Dial | undefined, nearby: readonly string[]) {
    this.folder = folder
    this.hosts = hosts
    this.dial = dial
    this.nearby = nearby
  }

  static async start(count: number, { apart = false, sshd = "", units }: FleetOptions = {}): Promise<SshFleet> {
    const folder = await tempFolder()
    // Whoever logs in reads its authorized_keys with its own rights.
    fs.chmodSync(folder, 0o711)
    const home = path.join(folder, "home")
    fs.mkdirSync(path.join(home, ".ssh"), { recursive: true })
    const client = await keyPair(path.join(home, ".ssh/id_ed25519"))
    fs.writeFileSync(path.join(folder, "authorized_keys"), `${client}\n`)
    for (const [file, line] of [
      ["passwd", `${account}:x:2222:2222::/:/bin/sh`],
      ["group", `${account}:x:2222:`],
      ["shadow", `${account}:*:20000::::::`],
    ] as const) {
      // What the shell of this machine's root does when it starts is no business of the hosts.
      const lines = fs.readFileSync(`/etc/${file}`, "utf8").replace(/^root:x:0:0:.*$/m, "root:x:0:0:root:/:/bin/sh")
      fs.writeFileSync(path.join(folder, file), `${lines.trimEnd()}\n${line}\n`)
    }
    const unitFolder = units && unitsIn(folder, units)
    const lab = apart ? await startLab() : undefined
    const [third, port] = [Math.floor(Math.random() * 256), 20_000 + Math.floor(Math.random() * 10_000)]
    const hosts = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const address = apart
          ? `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`
          : `127.77.${third}.${index + 1}`
        return SshdHost.prepare(folder, `host${index + 1}`, address, apart ? 22 : port, apart, sshd, unitFolder)
      }),
    )
    if (lab !== undefined) plugIn(lab, hosts)
    await Promise.all(hosts.map((host) => host.switchOn()))
    fs.writeFileSync(
      path.join(home, ".ssh/config"),
      hosts.map(({ name, address, port: at }) => `Host ${name}\n HostName ${address}\n Port ${at}\n`).join(""),
    )
    const fleet =
      lab === undefined
        ? new SshFleet(folder, hosts, undefined, [])
        : new SshFleet(folder, hosts, await relay(lab, folder), ["nsenter", ...networkOf(lab)])
    fleet.knowAll()
    return fleet
  }

  /** Whoever looks at the fleet knows the keys that its hosts have now, and no others. */
  knowAll(): void {
    const lines = this.hosts.map((host) => `${host.knownName} ${host.publicKey}\n`)
    fs.writeFileSync(path.join(this.home, ".ssh/known_hosts"), lines.join(""))
  }

  /** The home of whoever looks at the fleet: its configuration, key and known_hosts are there. */
  get home(): string {
    return path.join(this.folder, "home")
  }

  /** Puts lines in front of those of the configuration. */
  configure(text: string): void {
    const file = path.join(this.home, ".ssh/config")
    fs.writeFileSync(file, `${text}\n${fs.readFileSync(file, "utf8")}`)
  }

  environment(env: NodeJS.ProcessEnv = {}): Environment {
    return { configFiles: [path.join(this.home, ".ssh/config")], home: this.home, localUser: account, env }
  }
}

export class SshdHost {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly #folder: string
  readonly #isApart: boolean
  readonly #holder: ChildProcess
  readonly #config: string

  private constructor(
    folder: string,
    name: string,
    address: string,
    port: number,
    isApart: boolean,
    holder: ChildProcess,
  ) {
    this.name = name
    this.address = address
    this.port = port
    this.#folder = folder
    this.#isApart = isApart
    this.#holder = holder
    this.#config = fs.readFileSync(path.join(folder, "sshd_config"), "utf8")
  }

  static async prepare(
    fleet: string,
    name: string,
    address: string,
    port: number,
    isApart: boolean,
    sshd: string,
    units: string | undefined,
  ): Promise<SshdHost> {
    const folder = path.join(fleet, name)
    fs.mkdirSync(folder)
    await keyPair(path.join(folder, "key"))
    const own = isApart ? ["hostname", "hosts", "machine-id"] : []
    if (isApart) {
      fs.writeFileSync(path.join(folder, "hostname"), `${name}\n`)
      fs.writeFileSync(path.join(folder, "hosts"), `127.0.0.1 localhost\n${address} ${name}\n`)
      fs.writeFileSync(path.join(folder, "machine-id"), `${Buffer.from(name).toString("hex").padEnd(32, "0")}\n`)
    }
    fs.writeFileSync(path.join(folder, "sshd_config"), sshdConfig(fleet, folder, address, port, sshd))
    const mounts = [
      // What is mounted from outside shows the network outside.
      ...(isApart ? ["mount -t sysfs sysfs /sys"] : []),
      ...["passwd", "group", "shadow"].map((file) => `mount --bind ${fleet}/${file} /etc/${file}`),
      ...own.map((file) => `mount --bind ${folder}/${file} /etc/${file}`),
      "mount -t tmpfs tmpfs /run",
      // Asking what could be upgraded takes seconds, on all of them at once.
      "if [ -d /var/lib/apt/lists ]; then mount -t tmpfs tmpfs /var/lib/apt/lists; fi",
      "mkdir -m 755 /run/sshd",
    ]
    const network = [
      `ip addr add ${address}/16 dev eth0`,
      "ip link set eth0 up",
      "ip link set lo up",
      `hostname ${name}`,
    ]
    const script = [
      ...mounts,
      "echo prepared",
      "read on",
      ...(isApart ? network : []),
      sshdIn(folder),
      "echo up",
      units === undefined ? "exec sleep 600" : becomeSystemd(units),
    ].join(" && ")
    const apart = [...(isApart ? ["--net", "--uts"] : []), ...(units === undefined ? [] : ["--cgroup"])]
    const flags = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", ...apart]
    const group = units === undefined ? undefined : controlGroup()
    const alone = ["unshare", ...flags, "sh", "-c", script] as const
    const [command, ...args] = group?.within(alone) ?? alone
    const holder = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
    whenFinished(async () => {
      holder.kill("SIGKILL")
      await group?.remove()
    })
    await firstWords(holder)
    return new SshdHost(folder, name, address, port, isApart, holder)
  }

  async switchOn(): Promise<void> {
    this.#holder.stdin?.write("on\n")
    await firstWords(this.#holder)
  }

  /** Its pid, as far as namespaces go. */
  get pid(): number {
    return this.#holder.pid ?? 0
  }

  get knownName(): string {
    return this.port === 22 ? this.address : `[${this.address}]:${this.port}`
  }

  get publicKey(): string {
    return fs.readFileSync(path.join(this.#folder, "key.pub"), "utf8").trim()
  }

  /** Of its key, as a person reads it there. */
  get fingerprint(): string {
    const [, fingerprint = ""] = execFileSync("ssh-keygen", ["-lf", path.join(this.#folder, "key.pub")])
      .toString()
      .split(" ")
    return fingerprint
  }

  /** How many connections have been let in since it began. */
  get logins(): number {
    return this.#log().split("Accepted publickey").length - 1
  }

  /** What its processes have cost so far, those that have ended among them. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#pids())
  }

  /** How many processes of this name run there. */
  running(name: string): number {
    return this.#pids().filter((pid) => nameOf(pid) === name).length
  }

  /** Its sshd, and whoever is logged in, do nothing any more, and do not say so. */
  freeze(): void {
    for (const pid of this.#pids()) process.kill(pid, "SIGSTOP")
  }

  thaw(): void {
    for (const pid of this.#pids()) process.kill(pid, "SIGCONT")
  }

  /** Something else that listens there, called sshd because it is one. @returns what ends it */
  listen(port: number): () => void {
    const pid = "/run/other.pid"
    const options = [`ListenAddress=${this.address}:${port}`, `PidFile=${pid}`].flatMap((option) => ["-o", option])
    this.run("/usr/sbin/sshd", "-f", "/dev/null", "-h", path.join(this.#folder, "key"), ...options)
    this.run("sh", "-c", `until test -s ${pid}; do sleep 0.01; done`)
    return () => void this.run("sh", "-c", `kill $(cat ${pid}) && while test -e ${pid}; do sleep 0.01; done`)
  }

  /** No sshd, and nobody logged in any more. */
  async killSshd(): Promise<void> {
    // The first one holds the namespaces.
    const pids = this.#pids().slice(1)
    for (const pid of pids) process.kill(pid, "SIGKILL")
    await until(() => this.running("sshd") === 0)
  }

  startSshd(): void {
    this.run("sh", "-c", sshdIn(this.#folder))
  }

  /** From now on it is somebody else, as far as one can tell. */
  async changeHostKey(): Promise<void> {
    await keyPair(path.join(this.#folder, "key"))
    await this.killSshd()
    this.startSshd()
  }

  /** sshd anew, with this line in front of its configuration; without one, as it was in the beginning. */
  async reconfigure(line = ""): Promise<void> {
    await this.killSshd()
    fs.writeFileSync(path.join(this.#folder, "sshd_config"), `${line}\n${this.#config}`)
    this.startSshd()
  }

  linkDown(): void {
    this.run("ip", "link", "set", "eth0", "down")
  }

  linkUp(): void {
    this.run("ip", "link", "set", "eth0", "up")
  }

  dropPackets(): void {
    this.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", String(this.port), "-j", "DROP")
  }

  /** Runs a command on the host, without ssh. */
  run(...command: readonly string[]): string {
    const [init] = this.#pids()
    const flags = ["--mount", "--pid", ...(this.#isApart ? ["--net", "--uts"] : [])]
    return execFileSync("nsenter", ["--target", String(init), ...flags, ...command], {
      encoding: "utf8",
      stdio: "pipe",
    })
  }

  #log(): string {
    return fs.readFileSync(path.join(this.#folder, "log"), "utf8")
  }

  /** All of its processes, parents in front. */
  #pids(): readonly number[] {
    return processesBelow(this.pid)
  }
}

/** Those that run, parents in front. */
export function processesBelow(parent: number): readonly number[] {
  const below = (pid: number): readonly number[] => childrenOf(pid).flatMap((child) => [child, ...below(child)])
  return below(parent).filter((pid) => nameOf(pid) !== undefined)
}

/** What these, and those below them that have ended, have cost so far. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuTicksOf(pid), 0) / 100
}

function unitsIn(folder: string, units: Units): string {
  const to = path.join(folder, "units")
  fs.mkdirSync(to)
  for (const [name, text] of Object.entries(units)) fs.writeFileSync(path.join(to, name), text)
  return to
}

function sshdConfig(fleet: string, folder: string, address: string, port: number, more: string): string {
  return `
ListenAddress ${address}:${port}
HostKey ${folder}/key
PidFile ${folder}/pid
AuthorizedKeysFile ${fleet}/authorized_keys
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 100
${more}
`
}

/** Writes a key and its public half, and returns that. */
export async function keyPair(file: string, passphrase = ""): Promise<string> {
  fs.rmSync(file, { force: true })
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-a", "4", "-C", "", "-N", passphrase, "-f", file])
  return fs.readFileSync(`${file}.pub`, "utf8").trim()
}

/** A network of the test's own, with a bridge that hosts are plugged into. */
async function startLab(): Promise<ChildProcess> {
  const script = [
    "ip link set lo up",
    "ip link add br0 type bridge",
    "ip addr add 198.18.255.254/16 dev br0",
    "ip link set br0 up",
    // A host that is not there is noticed in no time.
    "echo 1 > /proc/sys/net/ipv4/neigh/br0/mcast_solicit",
    "echo 100 > /proc/sys/net/ipv4/neigh/br0/retrans_time_ms",
    "echo ready",
    "exec sleep 600",
  ].join(" && ")
  const lab = spawn("unshare", ["--net", "sh", "-c", script], { stdio: ["ignore", "pipe", "inherit"] })
  whenFinished(() => void lab.kill("SIGKILL"))
  await firstWords(lab)
  return lab
}

function plugIn(lab: ChildProcess, hosts: readonly SshdHost[]): void {
  const batch = hosts.flatMap(({ name, pid }) => [
    `link add ${name} type veth peer name eth0 netns ${pid}`,
    `link set ${name} master br0`,
    `link set ${name} up`,
  ])
  execFileSync("nsenter", [...networkOf(lab), "ip", "-batch", "-"], { input: batch.join("\n"), stdio: "pipe" })
}

async function relay(lab: ChildProcess, folder: string): Promise<Dial> {
  const socket = path.join(folder, "relay")
  const program = fileURLToPath(new URL("ssh-relay.js", import.meta.url))
  const child = spawn("nsenter", [...networkOf(lab), process.execPath, program, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  whenFinished(() => void child.kill("SIGKILL"))
  await firstWords(child)
  return (host, port, signal) =>
    new Promise<Duplex>((resolve, reject) => {
      const stream = net.connect({ path: socket, signal })
      stream.on("error", reject)
      stream.once("close", () => reject(new Error("the relay closed the connection")))
      stream.write(`${host} ${port}\n`)
      stream.once("readable", () => {
        const line = String(stream.read() ?? "")
        const [answer = ""] = line.split("\n", 1)
        if (answer !== "connected") return reject(Object.assign(new Error(answer), { code: answer }))
        // sshd may have spoken in the same breath.
        const rest = line.slice(answer.length + 1)
        if (rest !== "") stream.unshift(Buffer.from(rest, "latin1"))
        resolve(stream)
      })
    })
}

function networkOf(lab: ChildProcess): readonly string[] {
  return ["--target", String(lab.pid), "--net"]
}

async function firstWords(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("its output is not read")
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${child.spawnargs.join(" ")} ended with ${String(code)}`)
  })
  await Promise.race([once(child.stdout, "data"), ended])
}

/** sshd listens when it has written its pid. */
function sshdIn(folder: string): string {
  const start = `rm -f ${folder}/pid && /usr/sbin/sshd -f ${folder}/sshd_config -E ${folder}/log`
  return `${start} && until test -s ${folder}/pid; do sleep 0.01; done`
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    return text
      .split(" ")
      .filter((each) => each.trim() !== "")
      .map(Number)
  } catch {
    return []
  }
}

/** The name of a process, unless it has ended and nobody has heard of it. */
function nameOf(pid: number): string | undefined {
  try {
    const [, name, state] = /\((.*)\) (\S)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? []
    return state === "Z" ? undefined : name
  } catch {
    return undefined
  }
}

/** Of a process and those below it that it has heard the end of, in hundredths of a second. */
function cpuTicksOf(pid: number): number {
  const [, fields = ""] = /\) (.*)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? []
  return fields
    .split(" ")
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0)
}
