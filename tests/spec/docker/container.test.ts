/** What is made of a container, of the machine that it runs on and of its stack: recorded answers, and whatever else may stand there. */
import { type ServiceStatus, serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { targetFacets } from "#events/facets/target.js"
import { serviceOf } from "#discovery/sources/docker/container.js"
import { machineFacts } from "#discovery/sources/docker/machine.js"
import { stacksOf } from "#discovery/sources/docker/stacks.js"
import { isService, stateOf, statusOf } from "#discovery/sources/docker/state.js"
import type { Observation } from "#discovery/observation.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Json, isObject } from "#kernel/json.js"
import { anyJson } from "#tests/support/any-json.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { alone, having, now, sample, sampleNames, withLabels } from "./samples.js"

const web = sample("web")
const containerOf = (json: Json, surroundings = alone) => serviceOf(json, surroundings).facets["container"]
const compose = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.docker.compose.${name}`, value]))

describe("a container as a service", () => {
  it("is what it was deployed as, though Compose calls it otherwise while it makes another", () => {
    const renamed = having(web, { Name: "/e6d841687f3e_shop_web_1" })
    for (const container of [web, renamed]) {
      expect(serviceOf(container, alone)).toMatchObject({
        nativeKey: "compose:shop:web:1",
        facets: { identity: { name: "shop_web_1", runtime: "docker" } },
      })
    }
  })

  it("is its place in a service of a swarm, whichever task fills it", () => {
    const labels = {
      "com.docker.stack.namespace": "shop",
      "com.docker.swarm.service.name": "shop_web",
      "com.docker.swarm.task.name": "shop_web.2.x8e3yqzv",
    }
    const task = having(withLabels(web, labels), {
      "NetworkSettings.Networks": { ingress: { IPAMConfig: { IPv4Address: "10.0.0.7" } } },
    })
    expect(serviceOf(task, alone)).toMatchObject({
      nativeKey: "swarm:shop:web:2",
      facets: {
        config: { stack: "shop", stackService: "web" },
        container: { networks: { "net:ingress": { address: null } } },
      },
    })
  })

  it.each([
    [
      "db:service_healthy:false,cache:service_started:true",
      { "service:db": { condition: "service_healthy" }, "service:cache": { condition: "service_started" } },
    ],
    ["db", { "service:db": { condition: null } }],
    ["", {}],
    [undefined, undefined],
  ])("waits for others as its label says: %s", (label, expected) => {
    const labels = compose({ project: "shop", service: "web", ...(label !== undefined && { depends_on: label }) })
    expect(serviceOf(withLabels(web, labels), alone).facets["config"]?.["dependsOn"]).toEqual(expected)
  })

  it("shares a network with another one by that one's name", () => {
    const sharing = having(web, { "HostConfig.NetworkMode": "container:f367" })
    expect(containerOf(sharing, { ...alone, nameOf: (id) => (id === "f367" ? "vpn" : undefined) })).toMatchObject({
      networkMode: "container:vpn",
    })
  })

  it("publishes nothing of its own on the host's network, nor on ports that the engine chooses", () => {
    const portsOf = (json: Json) => serviceOf(json, alone).facets["config"]?.["ports"]
    expect(portsOf(web)).toEqual({ "tcp:8080": { containerPort: 80 }, "tcp:127.0.0.1:8443": { containerPort: 443 } })
    expect(portsOf(having(web, { "HostConfig.NetworkMode": "host" }))).toEqual({})
  })

  it.each([
    ["registry.example:5000/shop/web:1.4", "sha256:aa"],
    ["shop/web", "sha256:bb"],
    ["web:2", "sha256:aa"],
  ])("has the digest of the repository that it was asked from: %s", (reference, digest) => {
    const image = { RepoDigests: ["shop/web@sha256:bb", "registry.example:5000/shop/web@sha256:aa"] }
    const container = having(web, { "Config.Image": reference })
    expect(containerOf(container, { ...alone, image: () => image })).toMatchObject({ digest })
    expect(containerOf(container, { ...alone, image: () => ({ RepoDigests: [] }) })).toMatchObject({ digest: null })
    expect(containerOf(container)).not.toHaveProperty("digest")
  })

  it("says of its health what was concluded, and nothing while it is not", () => {
    const healthOf = (changes: Record<string, Json>) => containerOf(having(web, changes))?.["health"]
    expect(healthOf({})).toBe("healthy")
    expect(healthOf({ "State.Health.Status": "unhealthy" })).toBe("unhealthy")
    expect(healthOf({ "State.Health.Status": "starting" })).toBeUndefined()
    expect(healthOf({ "State.Running": false })).toBeUndefined()
    expect(healthOf({ "Config.Healthcheck": { Test: ["NONE"] } })).toBeNull()
    expect(containerOf(sample("db"))?.["health"]).toBeNull()
  })

  it.each([
    [{ NanoCpus: 1_500_000_000 }, 1.5],
    [{ NanoCpus: 0, CpuQuota: 25_000, CpuPeriod: 50_000 }, 0.5],
    [{ NanoCpus: 0, CpuQuota: 20_000, CpuPeriod: 0 }, 0.2],
    [{ NanoCpus: 0, CpuQuota: 0 }, null],
  ])("is limited in processors either way: %o", (limits, cpus) => {
    expect(containerOf(having(web, { HostConfig: limits }))).toMatchObject({ cpus })
  })
})

describe("the state of a container", () => {
  const at = (state: Record<string, Json>, restarts = 0) => having(web, { State: state, RestartCount: restarts })
  const secondsAgo = (seconds: number) => new Date(now - seconds * 1_000).toISOString()
  it.each<[string, Json, ServiceStatus]>([
    ["runs", at({ Status: "running" }), "running"],
    ["runs again for a moment", at({ Status: "running", Running: true, StartedAt: secondsAgo(5) }, 7), "failed"],
    ["runs again for good", at({ Status: "running", Running: true, StartedAt: secondsAgo(90) }, 7), "running"],
    ["waits to be restarted", sample("restarting"), "failed"],
    ["is paused", at({ Status: "paused" }), "stopped"],
    ["was never started", at({ Status: "created", ExitCode: 0 }), "stopped"],
    ["could not be started", at({ Status: "created", ExitCode: 127 }), "failed"],
    ["ended well", at({ Status: "exited", ExitCode: 0 }), "stopped"],
    ["ended badly", at({ Status: "exited", ExitCode: 1 }), "failed"],
    ["was asked to end", at({ Status: "exited", ExitCode: 143 }), "stopped"],
    ["was made to end", at({ Status: "exited", ExitCode: 137 }), "stopped"],
    ["took too much memory", at({ Status: "exited", ExitCode: 137, OOMKilled: true }), "failed"],
    ["is on its way out", at({ Status: "removing" }), "unknown"],
  ])("that %s", (_, json, status) => {
    expect(statusOf(json, now)).toBe(status)
  })

  const unkept = withLabels(having(web, { "HostConfig.RestartPolicy.Name": "no" }), {})
  const ended = (seconds: number, code = 0) =>
    having(unkept, {
      State: { Status: "exited", ExitCode: code, StartedAt: secondsAgo(seconds), FinishedAt: secondsAgo(0) },
    })
  const running = (seconds: number) =>
    having(unkept, {
      Created: secondsAgo(seconds),
      State: { Status: "running", Running: true, StartedAt: secondsAgo(seconds) },
    })
  const removedAtEnd = { "HostConfig.AutoRemove": true }
  const unnamed = { Name: "/wizardly_kowalevski" }
  const restarted = { "State.StartedAt": secondsAgo(5) }
  const failed = { "State.Status": "exited", "State.Running": false, "State.ExitCode": 1 }
  it.each<[string, Json, boolean]>([
    ["is kept running", web, true],
    ["runs", running(1), true],
    ["did a job", ended(60), false],
    ["ran for long", ended(900), true],
    ["failed while nobody watched", ended(60, 1), true],
    ["failed before somebody's eyes", having(ended(60, 1), { "Config.AttachStdout": true }), false],
    ["is to be removed soon", having(running(900), removedAtEnd), false],
    ["is to be removed some day", having(running(3_600), removedAtEnd), true],
    ["has no name of its own yet", having(running(60), unnamed), false],
    ["has no name of its own and failed", having(ended(60, 1), unnamed), false],
    ["has no name of its own and stays", having(running(900), unnamed), true],
    ["has no name of its own and was restarted", having(running(900), { ...unnamed, ...restarted }), true],
    ["is a step of a build", sample("build-step"), false],
    ["is a step of a build for long", having(sample("build-step"), { Created: secondsAgo(7_200) }), false],
    ["is a step of a build that failed", having(sample("build-step"), failed), false],
    ["is a job of GitLab's runner", withLabels(running(900), { "com.gitlab.gitlab-runner.type": "build" }), false],
    ["is of a test", withLabels(running(900), { "org.testcontainers": "true" }), false],
    [
      "is for one command of a project",
      withLabels(web, compose({ project: "shop", service: "web", oneoff: "True" })),
      false,
    ],
  ])("that %s", (_, json, expected) => {
    expect(isService(json, now, false)).toBe(expected)
  })

  it("that is to be removed at its end is a service at once when the one before it was", () => {
    expect(isService(having(running(5), removedAtEnd), now, true)).toBe(true)
  })

  it("that takes the place of another one is not told before it has been started", () => {
    const made = (seconds: number) => having(at({ Status: "created", ExitCode: 0 }), { Created: secondsAgo(seconds) })
    expect(stateOf(made(5), now)).toEqual({})
    expect(stateOf(made(90), now)).toEqual({ status: "stopped" })
  })
})

describe("a stack", () => {
  it("has the files and belongings of its project", () => {
    const networks = { json: sample("networks") as readonly Json[] }
    const volumes = { json: (sample("volumes") as { Volumes: readonly Json[] }).Volumes }
    expect(stacksOf(sample("list") as readonly Json[], networks, volumes, "engine-host")).toEqual([
      {
        kind: "stack",
        nativeKey: "compose:shop",
        on: "engine-host",
        facets: {
          identity: { name: "shop", runtime: "compose" },
          config: {
            workingDir: "/srv/shop",
            files: { "file:/srv/shop/docker-compose.yml": {} },
            networks: { "net:shop_default": { driver: "bridge", internal: false } },
            volumes: { "volume:shop_data": { driver: "local" } },
          },
        },
      },
    ])
  })

  it("says nothing of belongings that were not looked at", () => {
    const [stack] = stacksOf(sample("list") as readonly Json[], { why: "403" }, { why: "403" }, "engine-host")
    expect(Object.keys(stack?.facets["config"] ?? {})).toEqual(["workingDir", "files"])
  })
})

describe("a machine", () => {
  it("is as its engine says, and what that does not say was not looked at", () => {
    const { facets, notLooked } = machineFacts({ json: having(sample("info"), { OSVersion: "" }) }, sample("version"))
    expect(facets).toMatchObject({ hardware: { memoryMiB: 24_105 }, engine: { apiVersion: "1.41", rootless: false } })
    expect(notLooked).toEqual({ "/os/version": "the engine does not say" })
  })

  it("has a version though its engine tells no more to whoever asks", () => {
    const { facets, notLooked } = machineFacts({ why: "the engine answers 403" }, sample("version"))
    expect(facets).toEqual({ engine: { version: "20.10.24+dfsg1", apiVersion: "1.41" } })
    expect(notLooked).toMatchObject({ "/identity/dockerEngineId": "the engine answers 403" })
  })
})

const schemas = { target: targetFacets, service: serviceFacets, stack: stackFacets }

function holds({ kind, nativeKey, facets }: Observation): void {
  const known: Readonly<Record<string, { parse(value: unknown): unknown }>> = schemas[kind]
  for (const [facet, fields] of Object.entries(facets)) known[facet]?.parse(fields)
  expect(nativeKey.length).toBeLessThanOrEqual(1_024)
  canonicalJson(facets)
}

/** Every path to something in a value. */
function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const members = isObject(value) || Array.isArray(value) ? Object.entries(value as Record<string, Json>) : []
  return [path, ...members.flatMap(([name, member]) => pathsOf(member, [...path, name]))]
}

function replaced(value: Json, [name, ...rest]: readonly string[], by: Json): Json {
  if (name === undefined) return by
  if (Array.isArray(value)) return value.map((item: Json, i) => (String(i) === name ? replaced(item, rest, by) : item))
  if (!isObject(value)) return by
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === name ? replaced(item, rest, by) : item]),
  )
}

describe("whatever an engine answers", () => {
  it.each(sampleNames)("is understood or left out: anything in place of anything in %s", (name) => {
    const recorded = sample(name)
    const answer = fc
      .tuple(fc.constantFrom(...pathsOf(recorded)), anyJson)
      .map(([path, by]) => replaced(recorded, path, by))
    const isUnderstood = fc.property(answer, fc.integer(), (json, time) => {
      holds(serviceOf(json, { ...alone, now: time, image: () => json }))
      isService(json, time, false)
      const list = Array.isArray(json) ? (json as readonly Json[]) : [json]
      for (const stack of stacksOf(list, { json: list }, { json: list }, "engine-host")) holds(stack)
      holds({ kind: "target", nativeKey: "engine-host", facets: machineFacts({ json }, json).facets })
    })
    expect(() => fc.assert(isUnderstood, { numRuns: 100 })).not.toThrow()
  })
})
