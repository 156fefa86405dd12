/**
 * The collector under the shells that hosts have, on a machine of the test's own, beside the local source: both must say the same, with all
 * rights and without. That less rights never contradict more is then so for both (local-source.test.ts).
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { text } from "node:stream/consumers"
import { describe, expect, it } from "vitest"
import * as z from "zod"
import { targetFacets } from "#events/facets/target.js"
import { linuxObservations } from "#discovery/facts/linux.js"
import type { MaterialName } from "#discovery/facts/material.js"
import { reconcile } from "#discovery/reconcile.js"
import { thisMachine } from "#discovery/sources/local.js"
import { collectorCommand, collectorScript } from "#discovery/sources/ssh/collector.js"
import { type Remembered, knownOf, readAnswer } from "#discovery/sources/ssh/frames.js"
import type { Json } from "#kernel/json.js"
import { OwnMachine, ownMachinesCanBeMade } from "#tests/support/own-machine.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const project = path.resolve(import.meta.dirname, "../..")
const token = "a1b2c3"
const busybox = "busybox"

describe.runIf(ownMachinesCanBeMade() && needs(busybox))("the collector", () => {
  it(
    "says what the local source says, under every shell and with whatever rights, also when it is told what is known",
    { timeout: 60_000 },
    async () => {
      const machine = await OwnMachine.start("looked-at")
      await machine.install("grüße", "1.0")
      await machine.listen(8_081)
      const shells = JSON.stringify(Object.entries(await shellsHere()))
      const asRoot = await lookWithin(machine, [], shells)
      const asNobody = await lookWithin(
        machine,
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
        shells,
      )
      expect(asRoot.local.observations[0]?.facets["sockets"]).toHaveProperty(["tcp:127.0.0.1:8081", "process"], "node")
      expect(asNobody.local.observations[0]?.facets["sockets"]).not.toHaveProperty(["tcp:127.0.0.1:8081", "process"])
      for (const { local, answers } of [asRoot, asNobody])
        for (const [shell, looks] of Object.entries(answers)) {
          let remembered: Remembered | undefined
          for (const [look, answer] of looks.entries()) {
            const bytes = Buffer.from(answer, "base64")
            const { materials, rights, ...next } = await readAnswer([bytes], token, { remembered })
            const { observations, ...coverage } = linuxObservations(materials, thisMachine)
            expect({ shell, look, rights, ...coverage, observations: ledgered(observations) }).toEqual({
              shell,
              look,
              ...local.coverage,
              observations: ledgered(local.observations),
            })
            remembered = next.remembered
          }
          expect(looks[1]?.length).toBeLessThan((looks[0]?.length ?? 0) / 3)
        }
    },
  )

  it("does not send again what is known", async () => {
    const first = await answerHere(undefined, ["dpkg-status", "cpuinfo"])
    expect(first.remembered.texts.has("dpkg-status")).toBe(true)
    const { texts, lasting } = first.remembered
    for (const remembered of [first.remembered, { texts, lasting: { ...lasting, terms: "others" } }]) {
      const later = await answerHere(remembered, ["dpkg-status"])
      expect(later.size).toBeLessThan(first.size / 3)
      expect(later.materials["dpkg-status"]).toEqual(first.materials["dpkg-status"])
      expect(later.remembered.texts).toEqual(texts)
    }
  })

  it("answers what it is asked for and nothing else", async () => {
    const { materials } = await answerHere(undefined, ["hostname"])
    const answered = Object.entries(materials).filter(([, material]) => "text" in material)
    expect(answered.map(([name]) => name)).toEqual(["hostname"])
    expect(materials.kernel).toEqual({ denied: "the collector did not answer it" })
  })

  // Constructed: programs that say what they would on a host of the RHEL family, over folders of its own.
  it("asks a host's own programs, and sends no arguments of what runs there", async () => {
    const { materials, sent } = await answerOfHost({
      rpm: String.raw`printf 'bash\t0:5.1.8-9.el9\tx86_64\n'`,
      systemctl: `printf '%s\n' Id=web.service LoadState=loaded 'ExecStart={ path=/usr/bin/web ; argv[]=web --key hunter2' '' hunter3 ' ; status=0/0 }' User=www '' Id=next.service; [ "$1" = show ]`,
      nft: String.raw`printf 'table inet fw {\n\tchain in {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}\n'`,
      sshd: `printf 'port 22\nhostkey /etc/x\npermitrootlogin no\n'`,
      auditd: "exit 1",
      ip: String.raw`printf '%s\n' '2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\' '3: wg0    inet 10.8.0.1 peer 10.8.0.2/32 scope global wg0\'`,
      // Of a kind that nobody knows how to call: commands are then bounded by the shell itself.
      timeout: "exit 1",
    })
    expect(materials).toMatchObject({
      "dpkg-status": { absent: true },
      "rpm-packages": { text: "bash\t0:5.1.8-9.el9\tx86_64" },
      "systemd-units": {
        text: [
          "Id=web.service",
          "LoadState=loaded",
          "ExecStart={ path=/usr/bin/web ; argv[]= ; status=0/0 }",
          "User=www",
          "",
          "Id=next.service",
        ].join("\n"),
      },
      firewall: { text: "nftables" },
      sshd: { text: "port 22\npermitrootlogin no" },
      audit: { text: "stopped" },
      addresses: { text: "eth0 10.0.0.2/24\nwg0 10.8.0.1/32" },
      container: { absent: true },
    })
    expect(sent).not.toContain("hunter")
  })

  it("is root's by sudo where that takes no password, and only where it is wanted", async () => {
    const folder = await tempFolder()
    fs.writeFileSync(path.join(folder, "sudo"), '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n', { mode: 0o755 })
    for (const [sudo, rights] of [
      [true, "root by sudo"],
      [false, "root"],
    ] as const) {
      const { stdout } = spawnSync("sh", ["-c", `PATH=${folder}:$PATH; ${collectorCommand({ sudo })}`], {
        input: collectorScript({ token, only: ["kernel"] }),
      })
      expect(await readAnswer(chunksOf(stdout), token)).toMatchObject({ rights })
    }
  })

  it("does nothing when its program arrives in part", () => {
    const program = collectorScript({ token })
    for (const length of [program.length - 40, program.length >> 1])
      expect(spawnSync("sh", ["-s"], { input: program.slice(0, length) }).stdout.toString()).toBe("")
  })
})

interface Shell {
  readonly command: readonly string[]
  readonly path: string
}

/** Where busybox is asked it has all the other programs too, as on Alpine. */
async function shellsHere(): Promise<Record<string, Shell>> {
  const applets = path.join(await tempFolder(), "bin")
  fs.mkdirSync(applets)
  spawnSync(busybox, ["--install", "-s", applets])
  fs.chmodSync(path.dirname(applets), 0o755)
  const usual = "/usr/bin:/bin"
  return {
    dash: { command: ["dash"], path: usual },
    bash: { command: ["bash", "--posix"], path: usual },
    busybox: { command: [path.join(applets, "sh")], path: `${applets}:${usual}` },
  }
}

/** Looks by all of these ways at once, and by each again, in a process that stays what it is meanwhile. */
const program = `
  const { spawnSync } = await import("node:child_process")
  const [source, collector, frames, shells] = process.argv.slice(1)
  const { localSource } = await import(source)
  const { collectorScript } = await import(collector)
  const { knownOf, readAnswer } = await import(frames)
  const { observations, coverage } = await localSource("here").look(new AbortController().signal)
  const answers = {}
  for (const [name, { command, path }] of JSON.parse(shells)) {
    const [shell, ...args] = command
    const look = (known) => {
      const input = collectorScript({ token: "${token}", ...known })
      return spawnSync(shell, [...args, "-s"], { input, env: { PATH: path }, maxBuffer: 2 ** 26 }).stdout
    }
    const first = look({})
    const { remembered } = await readAnswer([first], "${token}")
    answers[name] = [first, look({ known: knownOf(remembered) })].map((answer) => answer.toString("base64"))
  }
  console.log(JSON.stringify({ local: { observations, coverage }, answers }))
`

const looks = z.object({
  local: z.object({
    observations: z.array(
      z.looseObject({ kind: z.string(), facets: z.record(z.string(), z.record(z.string(), z.json())) }),
    ),
    coverage: z.looseObject({}),
  }),
  answers: z.record(z.string(), z.array(z.string())),
})

async function lookWithin(machine: OwnMachine, as: readonly string[], shells: string) {
  const sources = ["local.ts", "ssh/collector.ts", "ssh/frames.ts"].map((file) =>
    path.join(project, "src/discovery/sources", file),
  )
  // Whoever enters a mount namespace finds himself at its root.
  const flags = [
    "--conditions=source",
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "--eval",
    program,
  ]
  const node = [process.execPath, ...flags]
  const [command, ...args] = [...machine.within, ...as, ...node, ...sources, shells] as const
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
  return looks.parse(JSON.parse(await text(child.stdout)))
}

/** Without its gauges, as it would be known. */
function ledgered(observations: readonly { kind: string; facets: Readonly<Record<string, Json>> }[]): unknown {
  const schemas: Readonly<Record<string, z.ZodType>> = targetFacets
  return observations.map(({ kind, facets, ...rest }) => ({
    ...rest,
    facets: Object.fromEntries(
      Object.entries(facets).map(([name, fields]) => {
        const schema = kind === "target" ? schemas[name] : undefined
        return [name, schema === undefined ? fields : reconcile(schema, undefined, fields)]
      }),
    ),
  }))
}

async function answerHere(remembered: Remembered | undefined, only: readonly MaterialName[]) {
  const child = spawn("sh", ["-c", collectorCommand({ sudo: false })], { stdio: ["pipe", "pipe", "inherit"] })
  child.stdin.end(collectorScript({ token, only, ...(remembered && { known: knownOf(remembered) }) }))
  const chunks: Buffer[] = []
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
  await once(child, "close")
  const bytes = Buffer.concat(chunks)
  return { size: bytes.length, ...(await readAnswer(chunksOf(bytes), token, { remembered })) }
}

/** This machine with other programs in front, no dpkg, and systemd as far as a folder shows it. */
async function answerOfHost(programs: Readonly<Record<string, string>>) {
  const folder = await tempFolder()
  for (const [name, says] of Object.entries(programs))
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${says}\n`, { mode: 0o755 })
  const covered = "mount -t tmpfs none /var/lib/dpkg && mount -t tmpfs none /run && mkdir -p /run/systemd/system"
  const { stdout } = spawnSync("unshare", ["--mount", "sh", "-c", `${covered} && PATH=${folder}:$PATH exec sh -s`], {
    input: collectorScript({ token }),
  })
  return { sent: stdout.toString(), ...(await readAnswer(chunksOf(stdout), token)) }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
