/** What the collector is shown by real services of the test's own, in a network of its own where the ports are free. */
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { certificatesFacts } from "#discovery/facts/certificates.js"
import { targetFacets } from "#events/facets/target.js"
import { collectorScript } from "#discovery/sources/ssh/collector.js"
import { type Answer, knownOf, readAnswer } from "#discovery/sources/ssh/frames.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

const token = "a1b2c3"
const canBeApart = spawnSync("unshare", ["--net", "ip", "link", "set", "lo", "up"]).status === 0

describe.runIf(needs("openssl") && needs("root with network namespaces and ip", canBeApart))("certificates", () => {
  it("are those that services show, and asked for again when others listen", async () => {
    const host = await Host.start()
    await host.serve(8_443, 993)
    const first = await host.look()
    const certificate = expect.objectContaining({ subject: "CN=test.example.org", selfSigned: true })
    expect(certificatesFacts(first.materials).fields).toEqual({ "cert:993": certificate, "cert:8443": certificate })
    // Each for its certificate, and for four versions of TLS.
    expect(host.asked).toBe(10)
    const second = await host.look(first)
    expect(second.materials.certificates).toEqual(first.materials.certificates)
    expect(host.asked).toBe(10)
    // What the kernel takes for it, it does not answer.
    const [silent] = await host.serve(2_376)
    silent?.kill("SIGSTOP")
    const { fields, notLooked } = certificatesFacts((await host.look(second)).materials)
    expect(fields).toEqual({ "cert:993": certificate, "cert:2376": {}, "cert:8443": certificate })
    expect(Object.keys(notLooked)).toEqual(["/certificates/*"])
    expect(host.asked).toBe(21)
  })

  it("come with the versions of TLS that are spoken there", async () => {
    const host = await Host.start()
    await host.serve(443)
    await host.servers("-cipher ALL:@SECLEVEL=0 -tls1_1", 8_443)
    await host.servers("-no_tls1_3 -cipher ALL:@SECLEVEL=0", 993)
    const { fields } = certificatesFacts((await host.look()).materials)
    const spoken = Object.entries(targetFacets.certificates.parse(fields)).map(([key, { tls }]) => [
      key,
      Object.values(tls ?? {}).map((version) => version.spoken),
    ])
    expect(Object.fromEntries(spoken)).toEqual({
      "cert:443": [false, false, true, true],
      "cert:8443": [false, true, false, false],
      "cert:993": [true, true, true, false],
    })
  })

  it("are none where nobody listens", async () => {
    const host = await Host.start()
    expect(certificatesFacts((await host.look()).materials)).toEqual({ fields: {}, notLooked: {} })
  })
})

class Host {
  readonly #folder: string
  readonly #within: readonly [string, ...string[]]

  private constructor(folder: string, pid: number) {
    this.#folder = folder
    this.#within = ["nsenter", `--net=/proc/${pid}/ns/net`]
  }

  /** With an openssl in front that writes down that it was asked. */
  static async start(): Promise<Host> {
    const folder = await tempFolder()
    const real = spawnSync("sh", ["-c", "command -v openssl"]).stdout.toString().trim()
    const log = `echo asked >>${folder}/asked`
    fs.writeFileSync(path.join(folder, "openssl"), `#!/bin/sh\n${log}\nexec ${real} "$@"\n`, { mode: 0o755 })
    const key = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    spawnSync(real, [...key, "-keyout", "key", "-out", "certificate", "-subj", "/CN=test.example.org"], { cwd: folder })
    const holder = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 60"])
    onTestFinished(() => void holder.kill())
    await new Promise((resolve) => holder.stdout.once("data", resolve))
    return new Host(folder, holder.pid ?? 0)
  }

  serve = (...ports: readonly number[]) => this.servers("", ...ports)

  /** @param options of s_server, besides */
  async servers(options: string, ...ports: readonly number[]) {
    const more = options.split(" ").filter((word) => word !== "")
    const servers = ports.map((port) => {
      const [command, ...args] = this.#within
      const server = [
        "openssl",
        "s_server",
        "-accept",
        `${port}`,
        "-cert",
        "certificate",
        "-key",
        "key",
        "-quiet",
        ...more,
      ]
      const child = spawn(command, [...args, ...server], { cwd: this.#folder, stdio: ["pipe", "ignore", "ignore"] })
      onTestFinished(() => void child.kill("SIGKILL"))
      return child
    })
    await until(() => ports.every((port) => this.#run("ss", ["-Hltn", `sport = ${port}`]).includes("LISTEN")))
    return servers
  }

  /** How often openssl was asked. */
  get asked(): number {
    return fs.readFileSync(path.join(this.#folder, "asked"), "utf8").trimEnd().split("\n").length
  }

  async look(before?: Answer): Promise<Answer> {
    const known = before && { known: knownOf(before.remembered) }
    const program = collectorScript({ token, only: ["certificates"], ...known })
    const sent = this.#run("env", [`PATH=${this.#folder}:${process.env["PATH"]}`, "sh", "-s"], program)
    return readAnswer([Buffer.from(sent)], token, { remembered: before?.remembered })
  }

  #run(program: string, args: readonly string[], input = ""): string {
    const [command, ...flags] = this.#within
    return spawnSync(command, [...flags, program, ...args], { input, encoding: "utf8" }).stdout
  }
}
