/**
 * What the collector asks package managers for, on this machine with other folders over those of dpkg and the package lists, and programs in front that say what the
 * real ones would, and write down that they were asked.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { collectorScript } from "#discovery/sources/ssh/collector.js"
import { type Answer, knownOf, readAnswer } from "#discovery/sources/ssh/frames.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const token = "a1b2c3"
const bash = "bash/oldstable 5.2.15-2+b13 amd64 [upgradable from: 5.2.15-2+b8]"
const covered = ["/var/lib/dpkg", "/var/lib/apt/lists", "/var/cache/apk", "/var/lib/pacman"]
const canMount = spawnSync("unshare", ["--mount", "true"]).status === 0

describe.runIf(needs("root with mount namespaces", canMount))("updates that are pending", () => {
  it("are asked for at the second look, and not again until a package or a list has changed", async () => {
    const host = await Host.with({ apt: `echo Listing...; echo '${bash}'` })
    host.write("/var/lib/dpkg/status", "")
    host.write("/var/lib/apt/lists/x_Packages", "")
    const first = await host.look()
    expect(first.materials.updates).toEqual({ denied: "asked for at the next look" })
    expect(host.asked).toEqual([])
    const second = await host.look(first)
    expect(second.materials.updates).toEqual({ text: expect.stringMatching(/^apt\nbash\/oldstable [^\n]*$/) })
    const third = await host.look(second)
    expect(third.materials.updates).toEqual(second.materials.updates)
    expect(host.asked).toEqual([expect.stringMatching(/^list --upgradable /)])
    host.write("/var/lib/dpkg/status", "Package: bash")
    const fourth = await host.look(third)
    expect(host.asked).toHaveLength(2)
    host.write("/var/lib/apt/lists/y_Packages", "")
    const fifth = await host.look(fourth)
    expect(host.asked).toHaveLength(3)
    await host.look(fifth)
    expect(host.asked).toHaveLength(3)
  })

  it("are asked for again a day later", async () => {
    const host = await Host.with({ apt: "" })
    host.write("/var/lib/dpkg/status", "")
    host.write("/var/lib/apt/lists/x_Packages", "")
    const day = 86_400_000
    let before = await host.look(undefined, 0)
    for (const now of [20_000 * day, 20_001 * day, 20_001 * day]) before = await host.look(before, now)
    expect(host.asked).toHaveLength(2)
  })

  it("are not known where no lists are, or no answer came, which is not asked for again", async () => {
    const host = await Host.with({ apt: "exit 100" })
    host.write("/var/lib/dpkg/status", "")
    const without = await host.look(await host.look())
    expect(without.materials.updates).toEqual({ denied: "no package lists have been fetched" })
    host.write("/var/lib/apt/lists/x_Packages", "")
    const failed = await host.look(without)
    expect(failed.materials.updates).toEqual({ text: expect.stringMatching(/\ndenied apt did not answer$/) })
    await host.look(failed)
    expect(host.asked).toHaveLength(1)
  })

  it("are those that dnf has, with its advisories", async () => {
    const dnf = `case "$*" in *check-update) echo; echo 'bash.x86_64 5.1.9-1.el9 baseos'; exit 100 ;; *) echo 'ALSA-1 Low/Sec. bash-5.1.9-1.el9.x86_64' ;; esac`
    const host = await Host.with({ dnf })
    const { materials } = await host.look(await host.look())
    expect(materials.updates).toEqual({
      text: expect.stringMatching(
        /^dnf\nupdate \nupdate bash.x86_64 5.1.9-1.el9 baseos\nadvisory ALSA-1 Low\/Sec. bash-5.1.9-1.el9.x86_64$/,
      ),
    })
    expect(host.asked).toEqual(["-C -q check-update", "-C -q updateinfo list"])
  })

  it("are those that apk has, and pacman", async () => {
    const alpine = await Host.with({ apk: "echo 'Installed: Available:'; echo 'busybox-1.36.1-r28 < 1.36.1-r29'" })
    alpine.write("/var/cache/apk/APKINDEX.1.tar.gz", "")
    const apk = await alpine.look(await alpine.look())
    expect(apk.materials.updates).toEqual({ text: expect.stringMatching(/^apk\nbusybox-1.36.1-r28 < 1.36.1-r29$/) })
    const arch = await Host.with({ pacman: "exit 1" })
    arch.write("/var/lib/pacman/sync/core.db", "")
    const pacman = await arch.look(await arch.look())
    expect(pacman.materials.updates).toEqual({ text: expect.stringMatching(/^pacman\n$/) })
  })
})

class Host {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async with(programs: Readonly<Record<string, string>>): Promise<Host> {
    const host = new Host(await tempFolder())
    for (const folder of covered) fs.mkdirSync(host.#at(folder), { recursive: true })
    for (const [name, says] of Object.entries(programs)) {
      const log = `echo "$*" >>${host.#at("asked")}`
      fs.writeFileSync(host.#at(name), `#!/bin/sh\n${log}\n${says}\n`, { mode: 0o755 })
    }
    return host
  }

  write(file: string, text: string): void {
    fs.mkdirSync(path.dirname(this.#at(file)), { recursive: true })
    fs.writeFileSync(this.#at(file), text)
  }

  /** The arguments that package managers were asked with. */
  get asked(): readonly string[] {
    const log = this.#at("asked")
    return fs.existsSync(log) ? fs.readFileSync(log, "utf8").trimEnd().split("\n") : []
  }

  /** What is known after the look before is told to it. */
  async look(before?: Answer, now = 0): Promise<Answer> {
    const known = before && { known: knownOf(before.remembered, now) }
    const empty = "mount -t tmpfs none /var/lib && mount -t tmpfs none /var/cache"
    const cover = covered.map((folder) => `mkdir -p ${folder} && mount --bind ${this.#at(folder)} ${folder}`)
    const program = `${[empty, ...cover].join(" && ")} && PATH=${this.#folder}:$PATH exec sh -s`
    const { stdout } = spawnSync("unshare", ["--mount", "sh", "-c", program], {
      input: collectorScript({ token, only: ["updates"], ...known }),
    })
    return readAnswer([stdout], token, { remembered: before?.remembered, now })
  }

  #at(name: string): string {
    return path.join(this.#folder, name)
  }
}
