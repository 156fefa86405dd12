/** A host with a Docker Engine on it, both real: looked at over ssh, and by its engine's own source, through the whole program. */
import { loadConfig } from "#config/load.js"
import { schedule } from "#discovery/schedule.js"
import { type Fleet, openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { SshFleet, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

const canRun = dockerEnginesCanBeStarted() && sshFleetsCanBeMade()
let engine: DockerEngine
beforeAll(async () => {
  if (canRun) engine = await DockerEngine.start()
})
afterAll(() => engine?.stop())

/** A fleet with one host over ssh, whose engine is looked at too, and the same engine as a source of its own. */
async function fleetOf(sources: (host: string) => object[]): Promise<Fleet> {
  const hosts = await SshFleet.start(1)
  const [host] = hosts.hosts
  hosts.configure(
    `Host *\n IdentityFile ${hosts.home}/.ssh/id_ed25519\n IdentitiesOnly yes\n UserKnownHostsFile ${hosts.home}/.ssh/known_hosts`,
  )
  const folder = await tempFolder()
  const config = path.join(folder, "fleet-ledger.yaml")
  const ssh = sources(host?.name ?? "").map((source) => ({ sshConfig: `${hosts.home}/.ssh/config`, ...source }))
  const docker = { name: "engine", kind: "docker", host: `unix://${engine.socket}` }
  fs.writeFileSync(config, JSON.stringify({ sources: [...ssh, docker] }))
  const data = path.join(folder, "data")
  const fleet = await openFleet(
    loadConfig({ config, data }, { FLEET_LEDGER_KEYS: path.join(folder, "keys") }),
    systemClock,
  )
  onTestFinished(() => fleet.close())
  return fleet
}

async function lookAtAll({ discovery }: Fleet) {
  const request = { actor: "user:ada", signal: new AbortController().signal }
  const reports = []
  for (const source of discovery.sources) reports.push(await discovery.look(source, request))
  return reports
}

async function namesOf(fleet: Fleet, kind: "target" | "service" | "stack"): Promise<string[]> {
  const { position: at } = await fleet.ledger.head()
  await fleet.reached(at)
  return (await fleet.views.entities.page({ kind, at, limit: 100 })).map(({ name }) => name)
}

const overSsh = (host: string) => [{ name: "lab", kind: "ssh", hosts: [host], user: "root", docker: engine.socket }]

describe.runIf(canRun)("a host with an engine", () => {
  it("has the engine's containers and stacks as its own, and is one machine with what the engine's source sees", async () => {
    await engine.run("cache")
    engine.compose("blog", "version: '3'\nservices:\n  web:\n    image: box:1\n    command: sleep 600\n", "up", "-d")
    const fleet = await fleetOf(overSsh)
    const [ssh, docker] = await lookAtAll(fleet)
    expect(ssh).toMatchObject({ outcome: "completed", targets: 1, stacks: 1, failed: [] })
    expect(docker).toMatchObject({ outcome: "completed", targets: 1, stacks: 1 })
    expect(await namesOf(fleet, "target")).toHaveLength(1)
    expect(await namesOf(fleet, "service")).toEqual(expect.arrayContaining(["cache"]))
    // Of the host itself one sees what else happens on this machine.
    expect((await lookAtAll(fleet))[1]).toMatchObject({ changes: 0 })
    await engine.remove()
  })

  it("loses nothing when its engine does not answer", async () => {
    const cache = await engine.run("cache", { HostConfig: { RestartPolicy: { Name: "unless-stopped" } } })
    // A daemon that was killed waits long for what it finds running.
    await cache.kill()
    const fleet = await fleetOf(overSsh)
    await lookAtAll(fleet)
    const before = (await fleet.ledger.head()).position
    await engine.kill()
    try {
      for (let i = 0; i < 4; i++) {
        const [ssh, docker] = await lookAtAll(fleet)
        expect(ssh).toMatchObject({ outcome: "completed", failed: [] })
        expect(docker).toMatchObject({ outcome: "failed" })
      }
      const told = await fleet.ledger.readAll({ after: before, limit: 1_000 })
      expect(told.filter(({ type }) => type.startsWith("Service") || type.startsWith("Stack"))).toEqual([])
      expect(await namesOf(fleet, "service")).toContain("cache")
    } finally {
      await engine.start()
      await engine.remove()
    }
  })

  it("is looked at as soon as its engine says that something has changed", async () => {
    const fleet = await fleetOf(() => [])
    const rules = { every: () => 3_600_000, isOurs: () => true }
    let looks = 0
    const looking = schedule(fleet.discovery, rules, { finished: () => (looks += 1), broken: () => {} })
    onTestFinished(() => looking.stop())
    await until(() => looks > 0)
    expect(await namesOf(fleet, "service")).not.toContain("newcomer")
    await engine.run("newcomer")
    await until(async () => (await namesOf(fleet, "service")).includes("newcomer"))
    await engine.remove()
  })
})
