/** What the collector is told of the look before spares asking, and never hides a change: on a machine of the test's own, whose files and processes change as little as they can. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import type { MaterialName } from "#discovery/facts/material.js"
import { collectorScript } from "#discovery/sources/ssh/collector.js"
import { type Answer, knownOf, readAnswer } from "#discovery/sources/ssh/frames.js"
import { OwnMachine, ownMachinesCanBeMade } from "#tests/support/own-machine.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"

const token = "a1b2c3"
const hour = 3_600_000

describe.runIf(ownMachinesCanBeMade())("a later look", () => {
  it("sees a file that was changed in place, at the same length", async () => {
    const machine = await Machine.start()
    const file = machine.over("/etc/passwd", "ada:x:1001:::\n")
    const first = await machine.look(["passwd"])
    const second = await machine.look(["passwd"], { before: first })
    expect(first.materials.passwd).toEqual({ text: "ada::1001" })
    expect(second.materials.passwd).toEqual({ text: "ada::1001" })
    expect(second.sent).not.toContain("ada")
    fs.writeFileSync(file, "eve:x:1001:::\n")
    expect((await machine.look(["passwd"], { before: second })).materials.passwd).toEqual({ text: "eve::1001" })
  })

  it("sees that another file has taken the place of one, and that one has come", async () => {
    const machine = await Machine.start()
    machine.over("/etc/hosts", "192.0.2.1 one\n")
    const first = await machine.look(["hosts", "container"])
    machine.over("/etc/hosts", "192.0.2.1 two\n")
    machine.run("mount -t tmpfs none /run && mkdir /run/systemd && echo lxc >/run/systemd/container")
    const { materials } = await machine.look(["hosts", "container"], { before: first })
    expect(materials).toMatchObject({ hosts: { text: "192.0.2.1 two" }, container: { text: "lxc" } })
  })

  it("is not told what somebody else was answered, nor what was answered hours ago", async () => {
    const machine = await Machine.start()
    const first = await machine.look(["passwd"])
    const asked = (answer: Answer & { readonly sent: string }) => answer.sent.includes(" passwd text ")
    expect(asked(await machine.look(["passwd"], { before: first, now: 5 * hour }))).toBe(false)
    expect(asked(await machine.look(["passwd"], { before: first, now: 6 * hour }))).toBe(true)
    expect(
      asked(await machine.look(["passwd"], { before: first, as: ["setpriv", "--reuid=65534", "--clear-groups"] })),
    ).toBe(true)
  })

  it("is not told terms that could end the words of a shell, nor ones of an sshd that reads files elsewhere", async () => {
    const machine = await Machine.start()
    const folder = await tempFolder()
    fs.writeFileSync(path.join(folder, "sshd"), "#!/bin/sh\necho port 22\n", { mode: 0o755 })
    const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/bin` }
    machine.run("mount -t tmpfs none /etc/ssh && mkdir /etc/ssh/sshd_config.d")
    machine.over("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
    const first = await machine.look(["sshd"], { env })
    expect(first.materials.sshd).toEqual({ text: "port 22" })
    expect(knownOf(first.remembered, 0).held).toEqual(["sshd"])
    machine.run("echo Include /srv/sshd.conf >/etc/ssh/sshd_config.d/10.conf")
    const second = await machine.look(["sshd"], { env, before: first })
    expect(second.materials.sshd).toEqual({ text: "port 22" })
    expect(knownOf(second.remembered, 0)).toMatchObject({ terms: "", held: [] })
    machine.run(`rm /etc/ssh/sshd_config.d/10.conf && touch "/etc/ssh/sshd_config.d/'; touch x"`)
    expect(knownOf((await machine.look(["sshd"], { env })).remembered, 0)).toMatchObject({ terms: "", held: [] })
  })

  it.runIf(needs("perl"))("sees that a socket is held by another process than before", async () => {
    const machine = await Machine.start()
    const pid = await machine.keep(
      `use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:7007") or die;
       $0 = fork // die ? "parent" : "child"; sleep 60`,
    )
    const owner = ({ materials }: Answer) =>
      "text" in materials["socket-owners"] && materials["socket-owners"].text.split("\t").at(-1)
    const look = (before?: Answer) => machine.look(["socket-owners"], { before, within: pid })
    await until(async () => owner(await look()) === "parent")
    const first = await look()
    const second = await look(first)
    expect(second.materials).toEqual({ ...first.materials, udp: second.materials.udp, udp6: second.materials.udp6 })
    expect(second.sent).toMatch(/ tcp same\n[^]* socket-owners same\n/)
    // What is killed lets go of its files a moment later.
    const gone = "while ls -l /proc/$p/fd 2>/dev/null | grep -q socket; do :; done"
    machine.run(`p=$(pgrep -x parent); kill -KILL $p; ${gone}`, pid)
    const third = await look(second)
    expect(owner(third)).toBe("child")
    expect(third.sent).toContain(" listeners same\n")
  })
})

interface Looking {
  readonly before?: Answer | undefined
  readonly now?: number
  /** The command that becomes somebody else. */
  readonly as?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Pid of a process in whose place it is. */
  readonly within?: number
}

class Machine {
  readonly #own: OwnMachine
  readonly #folder: string

  private constructor(own: OwnMachine, folder: string) {
    this.#own = own
    this.#folder = folder
  }

  static async start(): Promise<Machine> {
    return new Machine(await OwnMachine.start("looked-at"), await tempFolder())
  }

  /** Puts a file over one of the machine. @returns where it is */
  over(place: string, text: string): string {
    const file = path.join(this.#folder, `${fs.readdirSync(this.#folder).length}`)
    fs.writeFileSync(file, text)
    this.run(`touch ${place} && mount --bind ${file} ${place}`)
    return file
  }

  run(script: string, within?: number): void {
    const [command, ...flags] = this.#within(within)
    const { status, stderr } = spawnSync(command, [...flags, "sh", "-c", script])
    if (status !== 0) throw new Error(`${script}: ${String(stderr)}`)
  }

  /** Runs a program of perl with processes of its own. @returns the pid of the first of them */
  async keep(program: string): Promise<number> {
    const [command, ...flags] = this.#own.within
    const apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]
    const child = spawn(command, [...flags, ...apart, 'perl -e "$0" & echo up; wait; exec sleep 60', program])
    onTestFinished(() => void child.kill("SIGKILL"))
    await once(child.stdout, "data")
    return Number(fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"))
  }

  async look(only: readonly MaterialName[], { before, now = 0, as = [], env = process.env, within }: Looking = {}) {
    const [command, ...flags] = this.#within(within)
    const input = collectorScript({ token, only, ...(before && { known: knownOf(before.remembered, now) }) })
    const { stdout } = spawnSync(command, [...flags, ...as, "sh", "-s"], { input, env, maxBuffer: 2 ** 26 })
    const answer = await readAnswer([stdout], token, { remembered: before?.remembered, now })
    return { sent: stdout.toString("latin1"), ...answer }
  }

  #within(pid: number | undefined): readonly [string, ...string[]] {
    return pid === undefined ? this.#own.within : ["nsenter", `--target=${pid}`, "--net", "--uts", "--mount", "--pid"]
  }
}
