/** What the collector is shown by real services of the test's own, in a network of its own where the ports are free. */
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { certificatesFacts } from "#discovery/facts/certificates.js"
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
    expect(host.asked).toBe(2)
    const second = await host.look(first)
    expect(second.materials.certificates).toEqual(first.materials.certificates)
    expect(host.asked).toBe(2)
    // What the kernel takes for it, it does not answer.
    const [silent] = await host.serve(2_376)
    silent?.kill("SIGSTOP")
    const { fields, notLooked } = certificatesFacts((await host.look(second)).materials)
    expect(fields).toEqual({ "cert:993": certificate, "cert:2376": {}, "cert:8443": certificate })
    expect(Object.keys(notLooked)).toEqual(["/certificates/*"])
    expect(host.asked).toBe(5)
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

  async serve(...ports: readonly number[]) {
    const servers = ports.map((port) => {
      const [command, ...args] = this.#within
      const server = ["openssl", "s_server", "-accept", `${port}`, "-cert", "certificate", "-key", "key", "-quiet"]
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
