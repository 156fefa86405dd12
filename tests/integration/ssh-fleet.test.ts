/** Discovery over ssh, from real hosts apart to the ledger: what is recorded is what the hosts themselves say, and what changes there is all that is told. */
import { beforeAll, describe, expect, it } from "vitest"
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Source } from "#discovery/observation.js"
import { recordId } from "#kernel/ids.js"
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { often } from "#tests/support/often.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { type SshLooks, regardlessOfLoad, sshLooks } from "#tests/support/ssh-looks.js"
import { sharedByTests } from "#tests/support/when-finished.js"

const count = often(16, 50)

const recordOf = (host: string) => recordId("fleet", "target", host)
const serviceOn = (host: string, name: string) => recordId("fleet", "service", `${host}/process:${name}`)

describe.runIf(sshFleetsCanBeMade() && sshHostsCanBeApart())(`${count} hosts`, () => {
  let fleet: SshFleet
  let sourceOf: (looks?: SshLooks) => Source

  beforeAll(() =>
    sharedByTests(async () => {
      fleet = await SshFleet.start(count, { apart: true })
      sourceOf = sshLooks(fleet)
    }),
  )

  /** Some of them, after a first look. */
  async function known(hosts: readonly string[]) {
    const { lookAt, news, document, ...bench } = await discoveryBench(regardlessOfLoad)
    const look = async (as: SshLooks["as"] = { user: "root" }) => {
      const report = await lookAt(sourceOf({ hosts, as }))
      expect(report).toMatchObject({ outcome: "completed", failed: [] })
      return report
    }
    const changes = async () => (await news()).filter(({ stream }) => !stream.startsWith("source-"))
    await look()
    await changes()
    return { ...bench, look, changes, document: async (id: string) => (await document(id)) as never }
  }

  it(
    "are known as they say themselves, and later looks find nothing and cost little",
    { timeout: 120_000 },
    async () => {
      const { lookAt, news, document } = await discoveryBench(regardlessOfLoad)
      const source = sourceOf()
      expect(await lookAt(source)).toMatchObject({ targets: count, services: count, failed: [], held: 0 })
      await news()
      const packages = packagesOf(fleet.hosts[0] as SshdHost)
      expect(Object.keys(packages).length).toBeGreaterThan(100)
      for (const host of fleet.hosts) {
        const target = (await document(recordOf(host.name))) as unknown as TargetDocument
        expect(factsIn(target)).toEqual(factsOf(host))
        expect(versionsIn(target)).toEqual(packages)
        expect(await document(serviceOn(host.name, "sshd:22"))).toMatchObject({
          config: { executable: "/usr/sbin/sshd", user: "root", ports: { [`tcp:${host.address}:22`]: {} } },
          state: { status: "running" },
        })
      }
      const first = Math.min(...fleet.hosts.map(bytesSent))
      expect(await lookAt(source)).toMatchObject({ targets: count, services: count, changes: 0 })
      expect(await news()).toEqual([])
      const later = Math.max(...fleet.hosts.map(bytesSent)) - first
      expect(later).toBeLessThan(first / 3)
      expect(fleet.hosts.every(({ logins }) => logins === 1)).toBe(true)
    },
  )

  it("are never contradicted by who sees less, and see no more changes for it", async () => {
    const { look, changes, document } = await known(["host1", "host2"])
    const before = await Promise.all(["host1", "host2"].map((name) => document(recordOf(name))))
    for (const user of ["fleet", "root", "fleet", "root", "fleet", "root"])
      expect(await look({ user })).toMatchObject({ changes: 0 })
    expect(await changes()).toEqual([])
    expect(await Promise.all(["host1", "host2"].map((name) => document(recordOf(name))))).toEqual(before)
  })

  it("tell of a change on one of them exactly that, there, and of its end", async () => {
    const [host, name] = [fleet.hosts[2] as SshdHost, "host3"]
    const { look, changes, document } = await known([name, "host4"])
    const told = async () => {
      await look()
      return (await changes()).map(({ stream, type, data }) => [stream, type, "patch" in data ? data.patch : data])
    }
    const target = `target-${recordOf(name)}`
    const service = `service-${serviceOn(name, "sshd:2200")}`

    host.run("hostname", "renamed")
    host.run("ip", "addr", "add", "192.0.2.7/24", "dev", "eth0")
    const renamed = (field: string) => [
      { op: "test", path: `/identity/${field}`, value: name },
      { op: "replace", path: `/identity/${field}`, value: "renamed" },
    ]
    expect(await told()).toEqual([
      [target, "TargetChanged", expect.arrayContaining([...renamed("hostname"), ...renamed("name")])],
      [
        target,
        "TargetChanged",
        [{ op: "add", path: "/network/interfaces/if:eth0/addresses/ip:192.0.2.7~124", value: {} }],
      ],
    ])

    const stop = host.listen(2200)
    const key = `tcp:${host.address}:2200`
    const socket = { address: host.address, port: 2200, process: "sshd", user: "root" }
    expect(await told()).toEqual([
      [target, "TargetChanged", [{ op: "add", path: `/sockets/${key}`, value: socket }]],
      [service, "ServiceDiscovered", expect.objectContaining({ target: recordOf(name) })],
    ])

    stop()
    expect(await told()).toEqual([
      [
        target,
        "TargetChanged",
        [
          { op: "test", path: `/sockets/${key}`, value: socket },
          { op: "remove", path: `/sockets/${key}` },
        ],
      ],
      [service, "ServiceStateChanged", { from: "running", to: "stopped" }],
    ])
    expect(await told()).toEqual([])
    expect(await told()).toEqual([[service, "ServiceRetired", { from: "observed" }]])
    expect(((await document(serviceOn(name, "sshd:2200"))) as ServiceDocument).lifecycle).toBe("retired")
  })
})

/** What the ledger says of a host, as far as the host's own commands are asked. */
function factsIn({ identity, os, hardware, network, sockets, access, lifecycle }: TargetDocument) {
  const eth0 = network?.interfaces?.["if:eth0"]
  return {
    lifecycle,
    hostname: identity?.hostname,
    machineId: identity?.machineId,
    kernel: os?.kernel,
    architecture: hardware?.architecture,
    mac: eth0?.mac,
    addresses: Object.keys(eth0?.addresses ?? {}).toSorted(),
    sockets: Object.keys(sockets ?? {}),
    address: access?.address,
    hostKey: access?.hostKey,
  }
}

function factsOf(host: SshdHost): ReturnType<typeof factsIn> {
  const said = host.run(
    "sh",
    "-c",
    "hostname; cat /etc/machine-id; uname -r; uname -m; ip -o link show eth0; ss -Hltn; echo; ip -o addr show eth0",
  )
  const [hostname, machineId, kernel, architecture, link = "", ...rest] = said.trim().split("\n")
  const end = rest.indexOf("")
  return {
    lifecycle: "observed",
    hostname,
    machineId,
    kernel,
    architecture,
    mac: /ether (\S+)/.exec(link)?.[1],
    addresses: rest
      .slice(end + 1)
      .map((line) => `ip:${line.trim().split(/\s+/)[3]}`)
      .toSorted(),
    sockets: rest.slice(0, end).map((line) => `tcp:${line.trim().split(/\s+/)[3]}`),
    address: host.address,
    hostKey: host.fingerprint,
  }
}

function versionsIn({ packages }: TargetDocument): Record<string, string | null | undefined> {
  return Object.fromEntries(Object.entries(packages ?? {}).map(([key, { version }]) => [key, version]))
}

function packagesOf(host: SshdHost): Record<string, string> {
  const said = host.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\\n")
  const installed = said
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([status]) => status === "installed")
  return Object.fromEntries(installed.map(([, name, version = ""]) => [`pkg:${name}`, version]))
}

/** Bytes that a host has sent so far. */
function bytesSent(host: SshdHost): number {
  const [, counters = ""] = /eth0:(.*)/.exec(host.run("cat", "/proc/net/dev")) ?? []
  return Number(counters.trim().split(/\s+/)[8])
}
