/** The local source on the machine that the tests run on, checked against what the machine itself says by other ways. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, describe, expect, it, vi } from "vitest"
import * as z from "zod"
import { serviceFacets } from "#events/facets/service.js"
import { targetFacets } from "#events/facets/target.js"
import { coverage } from "#events/source.js"
import type { Look, Observation } from "#discovery/observation.js"
import { localSource, thisMachine } from "#discovery/sources/local.js"
import { filesBelow } from "#discovery/sources/local/files.js"
import { statfsReader } from "#discovery/sources/local/statfs.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

const nobody = 65_534
const isRoot = process.getuid?.() === 0
const project = path.resolve(import.meta.dirname, "../..")
const dpkgQuery = "/usr/bin/dpkg-query"

const cleanups: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function look(root = "/"): Promise<Look> {
  return localSource("here", { root }).look(new AbortController().signal)
}

function targetOf({ observations }: Seen | Look): Observation {
  const [target] = observations
  if (target === undefined) throw new Error("no target")
  return target
}

function facet(observed: Seen | Look, name: string): JsonObject {
  const fields = targetOf(observed).facets[name]
  if (fields === undefined) throw new Error(`${name} was not looked at`)
  return fields
}

/** Listens on 127.0.0.1, on a port that the kernel gives to nobody who does not ask for it. */
async function listenBelowEphemeral(): Promise<number> {
  const first = Number(fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0])
  for (let port = first - 1; port > 1_024; port--) {
    const server = net.createServer()
    const listening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false))
      server.listen(port, "127.0.0.1", () => resolve(true))
    })
    if (!listening) continue
    cleanups.push(() => void server.close())
    return port
  }
  throw new Error("no port is free")
}

describe("the local source", () => {
  it("reports this machine as the kernel and the C library know it", async () => {
    const seen = await look()
    expect(facet(seen, "identity")).toMatchObject({ name: os.hostname(), hostname: os.hostname() })
    expect(facet(seen, "hardware")).toMatchObject({
      architecture: os.machine(),
      memoryMiB: Math.floor(os.totalmem() / 2 ** 20),
      cpuCores: os.cpus().length,
    })
    expect(facet(seen, "os")).toMatchObject({
      kernel: os.release(),
      bootId: fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    })
    expect(facet(seen, "usage")).toMatchObject({ cpuBusyTicks: expect.any(Number), memoryPercent: expect.any(Number) })
    expect(seen.coverage).toMatchObject({ rights: isRoot ? "root" : `user:${os.userInfo().username}` })
    expect(seen.coverage.complete.target).toBe(true)
  })

  it("reports the addresses of the interfaces that are up", async () => {
    const interfaces = facet(await look(), "network")["interfaces"]
    const addresses = isObject(interfaces) && isObject(interfaces["if:lo"]) ? interfaces["if:lo"]["addresses"] : null
    const known = (os.networkInterfaces()["lo"] ?? []).map(({ cidr }) => `ip:${cidr}`)
    expect(Object.keys(addresses ?? {}).sort()).toEqual(known.sort())
  })

  it("reports the root file system as df does", async () => {
    const filesystems = facet(await look(), "storage")["filesystems"]
    const root = isObject(filesystems) ? filesystems["fs:/"] : null
    const df = execFileSync("df", ["-B1M", "--output=size,pcent", "/"], { encoding: "utf8" })
    const [size, percent] = (df.split("\n")[1] ?? "")
      .trim()
      .split(/\s+/)
      .map((word) => Number.parseInt(word, 10))
    if (!isObject(root)) throw new Error("the root is missing")
    // df rounds up.
    expect(Math.abs(Number(root["usedPercent"]) - (percent ?? 0))).toBeLessThanOrEqual(1)
    expect(root["sizeMiB"] === undefined || Math.abs(Number(root["sizeMiB"]) - (size ?? 0)) <= 1).toBe(true)
  })

  it.runIf(fs.existsSync(dpkgQuery))("reports the packages that dpkg-query lists", async () => {
    const format = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n"
    const listed = execFileSync(dpkgQuery, ["-W", "-f", format], { encoding: "utf8", maxBuffer: 2 ** 26 })
      .trim()
      .split("\n")
      .map((row) => row.split("\t"))
      .filter(([status]) => status === "installed")
      .map(([, ...names]) => names.join(" "))
    const seen = Object.entries(facet(await look(), "packages")).map(([key, item]) => {
      const { version, architecture } = targetFacets.packages.valueType.parse(item)
      const name = key.slice("pkg:".length).replace(new RegExp(`:${architecture}$`), "")
      return `${name} ${version} ${architecture}`
    })
    expect(seen.sort()).toEqual(listed.sort())
  })

  it("reports a listener with its process, and as a service where systemd does not run", async () => {
    const port = await listenBelowEphemeral()
    const seen = await look()
    const comm = fs.readFileSync("/proc/self/comm", "utf8").trim()
    const user = os.userInfo().username
    expect(facet(seen, "sockets")[`tcp:127.0.0.1:${port}`]).toEqual({ port, address: "127.0.0.1", process: comm, user })
    const service = seen.observations.find(({ facets }) => ports(facets).includes(`tcp:127.0.0.1:${port}`))
    const systemd = fs.existsSync("/run/systemd/system")
    expect(systemd || service?.facets["config"]?.["executable"] === fs.realpathSync(process.execPath)).toBe(true)
  })

  it("holds by the schemas of its facets and of its coverage", async () => {
    const { observations, coverage: covered } = await look()
    const schemas: Record<string, Record<string, { parse(value: unknown): unknown }>> = {
      target: targetFacets,
      service: serviceFacets,
    }
    expect(() => coverage.parse(covered)).not.toThrow()
    for (const { kind, facets } of observations)
      for (const [name, fields] of Object.entries(facets))
        expect(() => schemas[kind]?.[name]?.parse(fields)).not.toThrow()
  })

  it("reports the same again, but for what is measured", async () => {
    // Others use this machine too: two looks in a row agree as soon as nothing has happened in between.
    await vi.waitFor(async () => expect(withoutGauges(await look())).toEqual(withoutGauges(await look())), {
      timeout: 20_000,
      interval: 200,
    })
  })
})

const readableByNobody = isRoot && canNobodyRead()

describe.runIf(readableByNobody)("the local source without rights", () => {
  it("never contradicts a look of root, and says of everything that it misses why", async () => {
    const port = await listenBelowEphemeral()
    await vi.waitFor(
      async () => {
        const child = await lookAsNobody()
        const privileged = withoutGauges(await look())
        await child.end()
        const unprivileged = withoutGauges(child.look)

        expect(differences(unprivileged, privileged)).toEqual({ contradicted: [], unexplained: [] })
        expect(unprivileged.coverage.rights).not.toBe("root")
        // Of the two listeners it knows who holds its own, and that it cannot know who holds root's.
        const sockets = facet(unprivileged, "sockets")
        expect(sockets[`tcp:127.0.0.1:${child.port}`]).toMatchObject({ process: "node", user: "nobody" })
        expect(sockets[`tcp:127.0.0.1:${port}`]).toEqual({ port, address: "127.0.0.1", user: "root" })
        expect(unprivileged.coverage.notLooked).toHaveProperty(["/sockets/*/process"])
        expect(unprivileged.coverage.complete).toEqual({ target: true, service: fs.existsSync("/run/systemd/system") })
      },
      { timeout: 25_000, interval: 200 },
    )
  })
})

describe("the local source on a tree of files", () => {
  it("reports what is there of a machine that has almost nothing", async () => {
    const root = tree({ "proc/sys/kernel/hostname": "bare\n" })
    const seen = await look(root)
    expect(facet(seen, "identity")).toEqual({
      name: "bare",
      hostname: "bare",
      fqdn: null,
      machineId: null,
      smbiosUuid: null,
    })
    expect(seen.coverage.notLooked).toMatchObject({
      "/security/sshd": "only the system that runs can be asked",
      "/sockets": "no tcp in /proc",
    })
    expect(seen.coverage.complete).toEqual({ target: true, service: false })
  })

  it.each([
    ["run/systemd/container", "lxc\n", "lxc"],
    [".dockerenv", "", "docker"],
    ["run/.containerenv", "", "podman"],
    ["proc/1/environ", "HOME=/\0container=systemd-nspawn\0", "systemd-nspawn"],
    ["proc/1/environ", "HOME=/\0", "container-other"],
  ])("knows a container by %s", async (file, text, runtime) => {
    const seen = await look(tree({ "proc/cpuinfo": "flags : fpu hypervisor\n", [file]: text }))
    expect(facet(seen, "hardware")).toMatchObject({ virtualization: runtime })
  })

  it("does not take a machine for the container that its image was made for", async () => {
    const root = tree({ "proc/cpuinfo": "flags : fpu hypervisor\n", ".dockerenv": "" })
    fs.mkdirSync(path.join(root, "proc/self/ns"), { recursive: true })
    fs.symlinkSync("pid:[4026531836]", path.join(root, "proc/self/ns/pid"))
    fs.symlinkSync("uts:[4026531838]", path.join(root, "proc/self/ns/uts"))
    expect(facet(await look(root), "hardware")).toMatchObject({ virtualization: "vm-other" })
  })

  it("does not read a file without end to its end", async () => {
    const root = tree({ "proc/sys/kernel/hostname": "bare\n", "etc/machine-id": "" })
    fs.truncateSync(path.join(root, "etc/machine-id"), 2 ** 26 + 1)
    expect((await look(root)).coverage.notLooked).toMatchObject({ "/identity/machineId": "longer than 64 MiB" })
  })

  it("tells who had packages installed, by the end of apt's log, and that it cannot where that is hidden", async () => {
    const packages = {
      "var/lib/dpkg/status": "Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n",
    }
    const cut = `${"x".repeat(300 * 1_024)}\nInstall: old:amd64 (1)\n\n`
    const last =
      "Start-Date: 2026-11-25  16:16:40\nCommandline: apt install new\nRequested-By: alice (1000)\nInstall: new:amd64 (2)\n"
    const bare = { "proc/sys/kernel/hostname": "bare\n", ...packages }
    const seen = await look(tree({ ...bare, "var/log/apt/history.log": cut + last }))
    expect(seen.causes).toMatchObject([{ by: "alice", reason: "apt install new", nativeKey: thisMachine }])
    expect(seen.coverage.notLooked).not.toHaveProperty("/causes")
    const hidden = await look(tree({ ...bare, "var/log/apt/history.log/file": "" }))
    expect([hidden.causes, hidden.coverage.notLooked["/causes"]]).toStrictEqual([[], "EISDIR"])
    expect((await look(tree(bare))).coverage.notLooked).not.toHaveProperty("/causes")
  })

  it("is not available where there is no /proc", async () => {
    await expect(look(tree({}))).rejects.toMatchObject({ code: "SourceUnavailable", retryable: true })
  })
})

describe("the local source where systemd runs", () => {
  // Constructed: a systemctl that says what it would, since the machines of tests seldom have a systemd.
  it("asks it for the services", async () => {
    const says = "Id=nginx.service\\nLoadState=loaded\\nActiveState=active\\nType=simple\\n"
    const { observations, coverage: covered } = await withSystemctl(`printf '${says}'`)
    expect(observations.map(({ nativeKey }) => nativeKey)).toEqual([thisMachine, "systemd:nginx.service"])
    expect(covered.complete).toEqual({ target: true, service: true })
  })

  it("knows nothing of the services when it does not answer", async () => {
    const { observations, coverage: covered } = await withSystemctl("echo Connection refused >&2; exit 1")
    expect(observations).toHaveLength(1)
    expect(covered.notLooked).toMatchObject({ "/service": "systemctl: Connection refused" })
    expect(covered.complete).toEqual({ target: true, service: false })
  })
})

describe("a remote file system whose server has gone", () => {
  const mounts = {
    text: [
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
      "2 1 0:50 / /mnt/a rw - nfs4 a:/ rw",
      "3 1 0:51 / /mnt/b rw - nfs4 b:/ rw",
    ].join("\n"),
  }

  it("keeps neither a look nor more than one call waiting, and is asked again when it is back", async () => {
    const answer = await fs.promises.statfs("/")
    let gone = true
    const comeBack: (() => void)[] = []
    const statfs = async (mountPoint: string) => {
      if (gone && mountPoint.startsWith("/mnt/")) await new Promise<void>((resolve) => comeBack.push(resolve))
      return answer
    }
    const reader = statfsReader({ statfs, patienceMs: 20 })
    const files = filesBelow("/", new AbortController().signal)
    const sizes = `${answer.bsize} ${answer.blocks} ${answer.bfree} ${answer.bavail}`
    const silent = {
      text: [`${sizes} /`, "? ? ? ? /mnt/a", "? ? ? ? /mnt/b"].join("\n"),
      partial: "a remote file system does not answer",
    }
    expect(await reader(files, mounts)).toEqual(silent)
    expect(await reader(files, mounts)).toEqual(silent)
    expect(comeBack).toHaveLength(1)
    gone = false
    comeBack[0]?.()
    await vi.waitFor(async () =>
      expect(await reader(files, mounts)).toEqual({
        text: ["/", "/mnt/a", "/mnt/b"].map((at) => `${sizes} ${at}`).join("\n"),
      }),
    )
  })
})

describe("a look that is no longer wanted", () => {
  it("is not begun", async () => {
    await expect(localSource("here").look(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough")
  })

  it("ends on the way", async () => {
    const controller = new AbortController()
    const looking = localSource("here").look(controller.signal)
    setImmediate(() => controller.abort(new Error("enough")))
    await expect(looking).rejects.toThrow("enough")
  })
})

async function withSystemctl(script: string): Promise<Look> {
  const root = tree({ "proc/stat": "", "run/systemd/system/x": "", "bin/systemctl": `#!/bin/sh\n${script}\n` })
  fs.chmodSync(path.join(root, "bin/systemctl"), 0o755)
  vi.stubEnv("PATH", `${path.join(root, "bin")}:${process.env["PATH"]}`)
  cleanups.push(() => void vi.unstubAllEnvs())
  return look(root)
}

function tree(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "fleet-ledger-tree-"))
  cleanups.push(() => fs.rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    fs.writeFileSync(path.join(root, name), text)
  }
  return root
}

function ports(facets: Observation["facets"]): string[] {
  return Object.keys(facets["config"]?.["ports"] ?? {})
}

const gauges = new Set(["rxBytes", "txBytes", "usedPercent", "cpuBusyTicks", "cpuTotalTicks", "memoryPercent"])

/** What a look says of the machine, as JSON carries it. */
const seenThings = z.object({
  observations: z.array(
    z.object({
      kind: z.enum(["target", "service"]),
      nativeKey: z.string(),
      on: z.string().exactOptional(),
      facets: z.record(z.string(), z.record(z.string(), z.json())),
    }),
  ),
  coverage,
})
type Seen = z.infer<typeof seenThings>

function withoutGauges(seen: Seen | Look): Seen {
  return seenThings.parse(
    JSON.parse(JSON.stringify(seen, (key, value: unknown) => (gauges.has(key) ? undefined : value))),
  )
}

/** A program that listens on a port of its own, looks, says what it saw, and stays until its input ends. */
const program = `
  const net = await import("node:net")
  const fs = await import("node:fs")
  const { localSource } = await import(process.argv[1])
  const first = Number(fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\\s+/)[0])
  let server
  for (let port = first - 1; server === undefined; port--) {
    const candidate = net.createServer()
    server = await new Promise((resolve) => {
      candidate.once("error", () => resolve(undefined))
      candidate.listen(port, "127.0.0.1", () => resolve(candidate))
    })
  }
  const look = await localSource("here").look(new AbortController().signal)
  console.log(JSON.stringify({ port: server.address().port, look }))
  process.stdin.resume().once("end", () => process.exit())
`

async function lookAsNobody() {
  const source = path.join(project, "src/discovery/sources/local.ts")
  const flags = ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", program, source]
  const child = spawn(process.execPath, flags, {
    cwd: project,
    uid: nobody,
    gid: nobody,
    stdio: ["pipe", "pipe", "inherit"],
  })
  cleanups.push(() => void child.kill())
  let output = ""
  child.stdout.setEncoding("utf8")
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.endsWith("\n")) break
  }
  const { port, look: seen } = z.object({ port: z.number(), look: seenThings }).parse(JSON.parse(output))
  const end = async () => {
    child.stdin.end()
    await once(child, "exit")
  }
  return { port, look: seen, end }
}

function canNobodyRead(): boolean {
  try {
    execFileSync("/bin/sh", ["-c", `test -r "$1"`, "sh", path.join(project, "package.json")], {
      uid: nobody,
      gid: nobody,
    })
    return true
  } catch {
    return false
  }
}

/** Leaves that differ, and leaves that only `full` has and that no reason of `part` covers. */
function differences(part: Seen, full: Seen) {
  const [some, all] = [leaves(part), leaves(full)]
  const reasons = Object.keys(part.coverage.notLooked)
  return {
    contradicted: [...some].filter(([at, value]) => all.get(at) !== value).map(([at]) => at),
    unexplained: [...all.keys()].filter((at) => !some.has(at) && !reasons.some((reason) => covers(reason, at))),
  }
}

/** By paths as in the coverage, the keys of items and of services kept: `/sockets/tcp:22/process`, `/service[process:x:1]/config/user`. */
function leaves({ observations }: Seen): Map<string, Json> {
  const found = new Map<string, Json>()
  const walk = (at: string, value: Json) => {
    const members = isObject(value) ? Object.entries(value) : []
    if (members.length === 0) found.set(at, isObject(value) ? "{}" : value)
    for (const [key, member] of members) walk(`${at}/${key.replaceAll("/", "|")}`, member)
  }
  for (const { kind, nativeKey, facets } of observations)
    walk(kind === "target" ? "" : `/service[${nativeKey}]`, { ...facets })
  return found
}

function covers(reason: string, at: string): boolean {
  const wanted = reason.split("/")
  const given = at.replace(/^\/service\[[^\]]*\]/, "/service").split("/")
  return wanted.every((member, index) => member === "*" || member === given[index])
}
