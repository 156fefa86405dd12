/** A host may be anything, and says over ssh what it likes, in the form of a true answer: it harms nobody else's look, and is shown as text at every door. */
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { localOwner } from "#api/access.js"
import { tableOf } from "#cli/tables.js"
import { type MaterialName, materialNames } from "#discovery/facts/material.js"
import type { Fleet } from "#fleet.js"
import { origin } from "#kernel/point.js"
import type { Act, Query } from "#operations/define.js"
import { discover } from "#operations/discover.js"
import { history } from "#operations/history.js"
import { invoke } from "#operations/invoke.js"
import { services } from "#operations/services.js"
import { show } from "#operations/show.js"
import { targets } from "#operations/targets.js"
import { open } from "#tests/support/folder-fleet.js"
import { SshFleet, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { sshProgram } from "#tests/support/ssh-program.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { sharedByTests } from "#tests/support/when-finished.js"

const hostile = [
  "\u001b[2J\u001b]0;owned\u0007red",
  "<script>alert(1)</script>'\"&lt;",
  "__proto__",
  "../../../../etc/shadow",
  "user\u202etxt.exe\u2066\u200b\ufeff\u009b31m",
  "nul\u0000nul\r\u2028line",
  "$(reboot);`reboot`|reboot&&reboot>/etc/passwd%s%n{{7*7}}${7*7}' OR 1=1; DROP TABLE events;--",
  "long".repeat(50_000),
  // Invalid UTF-8, as it is sent: bytes, one a character.
  Buffer.from("bad\xff\xfe\xc0\xafbad", "latin1"),
]

/** What is neither to reach a terminal nor to hide or reorder anything on a page. */
const unshowable = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const controls = /(?!\n)\p{Cc}/u

type Frame = readonly [name: MaterialName, state: "text" | "denied" | "partial", text: Buffer | string]

/** A whole answer that only lacks the token, which it learns when it is asked. */
function answerOf(frames: readonly Frame[], rights = "root"): Buffer {
  const parts = frames.flatMap(([name, state, text]) => {
    const bytes = Buffer.from(text as string)
    if (state === "denied") return [Buffer.from(`#TOKEN ${name} denied `), bytes.subarray(0, 200), Buffer.from("\n")]
    return [
      Buffer.from(`#TOKEN ${name} ${state} ${bytes.length}${state === "partial" ? " a reason" : ""}\n`),
      bytes,
      Buffer.from("\n"),
    ]
  })
  return Buffer.concat([
    Buffer.from(`#TOKEN begin ${rights}\n`),
    ...parts,
    Buffer.from(`#TOKEN end ${frames.length + 1}\n`),
  ])
}

/** Texts in the form that each has, with something hostile in every place. */
function wellFormed(evil: string): Frame[] {
  const word = evil.replaceAll(/\s/g, "")
  const texts: Partial<Record<MaterialName, string>> = {
    "os-release": `ID=${word}\nPRETTY_NAME="${word}"\nVERSION_ID="${word}"`,
    kernel: evil,
    "boot-id": evil,
    architecture: evil,
    hostname: word,
    hosts: `127.0.0.1 ${word} ${word}.${word}`,
    "machine-id": evil,
    "smbios-uuid": evil,
    "dmi-vendor": evil,
    "dmi-product": evil,
    cpuinfo: `processor : 0\nmodel name : ${word}`,
    container: evil,
    interfaces: `${word} 00:11:22:33:44:55 1500 up 1 2`,
    addresses: `${word} 192.0.2.1/24`,
    resolv: `nameserver ${word}`,
    mounts: `1 0 8:1 / /${word} rw - ext4 ${word} rw`,
    statfs: `4096 1000 500 500 /${word}`,
    tcp: `  sl  local_address rem_address   st\n   0: 00000000:1F90 00000000:0000 0A 0:0 0:0 0 0 0 4711 1`,
    tcp6: "  sl",
    udp: "  sl",
    udp6: "  sl",
    "port-range": "32768 60999",
    "socket-owners": `4711\t7\t0\t/${word}\t/usr/bin/${word}\t${word}`,
    passwd: `${word}::0\nroot::0`,
    "systemd-units": `Id=${word}.service\nDescription=${word}\nLoadState=loaded\nActiveState=active\nUnitFileState=${word}\nUser=${word}\nExecStart={ path=/${word} ; argv[]= ; status=0/0 }`,
    "dpkg-status": `Package: ${word}\nStatus: install ok installed\nVersion: ${word}\nArchitecture: ${word}\n\n`,
    "host-keys": `${word} ${word}`,
    sshd: `permitrootlogin ${word}`,
    firewall: evil,
    audit: evil,
    "readable-keys": evil,
    "reboot-required": evil,
  }
  return Object.entries(texts).map(([name, text]) => [name as MaterialName, "text", text] as const)
}

interface Discovered {
  readonly runs: readonly { readonly outcome: string; readonly targets: number; readonly failed: readonly object[] }[]
}

describe.runIf(sshFleetsCanBeMade())("a hostile host", () => {
  let hosts: SshFleet
  let fleet: Fleet

  const call = () => ({
    fleet,
    principal: localOwner(),
    signal: new AbortController().signal,
    progress: () => undefined,
  })
  const ask = async <T>(operation: Query | Act, input: Record<string, unknown> = {}) =>
    (await invoke(operation, call(), input)) as T

  const says = (host: string, answer: Buffer) => fs.writeFileSync(path.join(hosts.folder, host, "says"), answer)

  beforeAll(() =>
    sharedByTests(async () => {
      hosts = await SshFleet.start(2)
      const { folder } = hosts
      for (const { name } of hosts.hosts) {
        const script = `token=$(sed -n '/^token=/{s/^token=\\([0-9a-f]*\\) .*/\\1/p;q}'); LC_ALL=C sed "s/^#TOKEN /#$token /" ${folder}/${name}/says`
        fs.writeFileSync(path.join(folder, name, "script"), script)
      }
      await Promise.all(hosts.hosts.map((host) => host.reconfigure(`ForceCommand sh ${folder}/${host.name}/script`)))
      says("host2", answerOf(wellFormed("honest")))
      const place = await tempFolder()
      sshProgram(hosts, place)
      fleet = await open(place, fs.readFileSync(path.join(place, "config.yaml"), "utf8"))
    }),
  )

  it.each(hostile.map((evil) => [evil.toString("latin1").slice(0, 20), evil] as const))(
    "that says %j everywhere is shown as text, and breaks nothing",
    async (_, evil) => {
      const raw = Buffer.from(evil as string)
      const text = raw.toString("latin1")
      const answers = [
        answerOf(wellFormed(evil.toString("utf8"))),
        answerOf(materialNames.map((name) => [name, "text", raw])),
        answerOf(materialNames.map((name) => [name, "partial", raw])),
        answerOf(materialNames.map((name) => [name, "denied", text.replaceAll("\n", "")])),
        answerOf([], `user:${text.slice(0, 100).replaceAll(/[\r\n]/g, "")}`),
      ]
      for (const answer of answers) {
        says("host1", answer)
        const discovered = await ask<Discovered>(discover)
        expect(discovered.runs).toMatchObject([{ outcome: "completed", targets: 2, failed: [] }])
        const list = await ask<{ at: never; items: readonly { readonly id: string }[] }>(targets)
        const told = [discovered, list, await ask<object>(services), await ask<object>(history)]
        for (const { id } of list.items) {
          told.push(await ask<object>(show, { entity: id, facets: "all" }))
        }
        const tables = [
          tableOf("discover", told[0] as object),
          tableOf("targets", list),
          tableOf("services", told[2] as object),
          tableOf("history", told[3] as object),
        ]
        for (const shown of [...tables, ...told.slice(4).map((entity) => tableOf("show", entity))])
          expect(shown).not.toMatch(unshowable)
        expect(JSON.stringify(told)).not.toMatch(controls)
      }
      const events = await fleet.ledger.readAll({ after: origin, limit: 1_000 })
      expect(JSON.stringify(events)).not.toMatch(controls)
      expect({}).not.toHaveProperty("polluted")
    },
  )

  it("whose files, processes and mounts have names that a shell would run runs none of them", async () => {
    const machine = await SshFleet.start(1)
    const [host] = machine.hosts
    if (host === undefined) throw new Error("no hosts")
    const [name, witness] = ["$(touch x5ae1)", "/x5ae1"]
    const at = path.join(machine.folder, "host1")
    const files = {
      "os-release": `ID="${name}"\nPRETTY_NAME='${name}\u001b[2J'\nVERSION_ID=\`touch x5ae1\``,
      hosts: `127.0.0.1 localhost ${name}`,
      "resolv.conf": `nameserver ${name}`,
      passwd: `${fs.readFileSync(path.join(machine.folder, "passwd"), "utf8")}${name}:x:77:77:::\n`,
    }
    for (const [file, text] of Object.entries(files)) {
      fs.writeFileSync(path.join(at, file), text)
      host.run("mount", "--bind", path.join(at, file), `/etc/${file}`)
    }
    fs.copyFileSync("/usr/sbin/sshd", path.join(at, name))
    const options = [`ListenAddress=${host.address}:9998`, "PidFile=/run/other.pid"].flatMap((option) => ["-o", option])
    host.run(path.join(at, name), "-f", "/dev/null", "-h", path.join(at, "key"), ...options)
    host.run("mkdir", `/run/${name} %s\\`)
    host.run("mount", "--bind", at, `/run/${name} %s\\`)
    const { observations, coverage } = await sshLooks(machine)().look(new AbortController().signal)
    const [target] = observations
    expect(coverage.failed).toBeUndefined()
    expect(target?.facets).toMatchObject({
      os: { id: name, name: `${name}\uFFFD[2J` },
    })
    expect(observations.map(({ nativeKey }) => nativeKey)).toContain(`host1/process:${name}:9998`)
    expect(fs.existsSync(witness)).toBe(false)
  })
})
