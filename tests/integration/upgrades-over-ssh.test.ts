/** Packages that a host's own log accounts for: who had them changed, as of the host's own time, and that upgrades that run by themselves surprise nobody. */
import { openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { asker } from "#tests/support/asker.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { whenFinished } from "#tests/support/when-finished.js"
import { describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
}

const status = (version: string) =>
  [
    ["dpkg", "1.21"],
    ["nginx", version],
  ]
    .map(([name, of]) => `Package: ${name}\nStatus: install ok installed\nVersion: ${of}\nArchitecture: amd64\n`)
    .join("\n")

describe.runIf(sshFleetsCanBeMade())("an upgrade of a host's packages", () => {
  it("is told with who asked for it, and is no surprise where the host does it by itself", async () => {
    const hosts = await SshFleet.start(1)
    const [host] = hosts.hosts as [SshdHost]
    const write = (file: string, text: string) => host.run("sh", "-c", `printf %s "$1" >>${file}`, "sh", text)
    host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib/dpkg")
    host.run("mount", "-t", "tmpfs", "tmpfs", "/var/log")
    host.run("mkdir", "/var/log/apt")
    const becomes = (version: string) => {
      host.run("truncate", "-s", "0", "/var/lib/dpkg/status")
      write("/var/lib/dpkg/status", status(version))
    }
    const logs = (before: string, after: string, asked: string) => {
      const now = host.run("date", "+%Y-%m-%d  %H:%M:%S").trim()
      const done = `Upgrade: nginx:amd64 (${before}, ${after})\nEnd-Date: ${now}\n`
      write("/var/log/apt/history.log", `\nStart-Date: ${now}\n${asked}\n${done}`)
    }
    becomes("1")
    const fleet = await openFleet(configIn(await tempFolder()), systemClock, { sources: [sshLooks(hosts)()] })
    whenFinished(() => fleet.close())
    const ask = asker<Answer>(fleet)
    await ask("discover")
    await ask("pin", { name: "golden" })
    const seen = async () => {
      await ask("discover")
      return (await ask("history", { entity: "host1", field: "/packages", limit: 1 })).items[0]
    }
    logs("1", "2", "Commandline: /usr/bin/unattended-upgrade")
    becomes("2")
    expect(await seen()).toMatchObject({ reason: "/usr/bin/unattended-upgrade", expectation: "expected" })
    logs("2", "3", "Commandline: apt-get install nginx\nRequested-By: alice (1000)")
    becomes("3")
    expect(await seen()).toMatchObject({ by: "alice", reason: "apt-get install nginx", expectation: "surprising" })
    // Nothing says who did it.
    becomes("4")
    expect(await seen()).toMatchObject({ expectation: "surprising" })
  })
})
