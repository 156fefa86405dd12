/** The Docker source at a real engine, checked against what the engine itself says when another client asks. */
import { createHash } from "node:crypto"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { targetFacets } from "#events/facets/target.js"
import { coverage } from "#events/source.js"
import type { EntityKind, Look, Observation, Source } from "#discovery/observation.js"
import { type DockerPorts, dockerSource, engineHost } from "#discovery/sources/docker.js"
import type { DockerOptions } from "#discovery/sources/docker/endpoint.js"
import { systemClock } from "#kernel/clock.js"
import { type JsonObject, isObject } from "#kernel/json.js"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { selfSigned } from "#tests/support/eventstoredb/certificate.js"
import { freePort } from "#tests/support/free-port.js"
import { needs } from "#tests/support/real-parts.js"
import { until } from "#tests/support/until.js"

const canStart = dockerEnginesCanBeStarted()

let engine: DockerEngine
beforeAll(async () => {
  if (canStart) engine = await DockerEngine.start()
})
afterAll(async () => {
  await engine?.stop()
})
afterEach(async () => {
  await engine?.remove()
})

function source(
  options: DockerOptions = { host: `unix://${engine.socket}` },
  ports: Partial<DockerPorts> = {},
): Source {
  const overSsh = () => ({ connect: () => Promise.reject(new Error("nobody is at the other end")) })
  return dockerSource("here", options, { clock: systemClock, overSsh, ...ports })
}

function look(from: Source = source()): Promise<Look> {
  return from.look(new AbortController().signal)
}

function of({ observations }: Look, kind: EntityKind, nativeKey: string): Observation {
  const found = observations.find((candidate) => candidate.kind === kind && candidate.nativeKey === nativeKey)
  if (found === undefined) throw new Error(`no ${kind} ${nativeKey} among ${keysOf({ observations }).join(", ")}`)
  return found
}

function keysOf({ observations }: Pick<Look, "observations">): string[] {
  return observations.map(({ kind, nativeKey }) => `${kind} ${nativeKey}`)
}

function container(seen: Look, nativeKey: string): JsonObject {
  return of(seen, "service", nativeKey).facets["container"] ?? {}
}

function statusOf(seen: Look, nativeKey: string): unknown {
  return of(seen, "service", nativeKey).facets["state"]?.["status"]
}

function keys(value: unknown): string[] {
  return Object.keys(isObject(value as JsonObject) ? (value as JsonObject) : {}).sort()
}

/** Without what is measured. */
function withoutGauges({ observations }: Look): unknown {
  const gauges = new Set(["containers", "containersRunning", "images", "restarts"])
  return JSON.parse(JSON.stringify(observations, (key, value: unknown) => (gauges.has(key) ? undefined : value)))
}

const shop = (image: string) => `
version: "2.4"
services:
  db:
    image: box:1
    command: ["sleep", "600"]
    environment: { POSTGRES_PASSWORD: planted-secret }
    volumes: ["data:/var/lib/db"]
  web:
    image: ${image}
    command: ["sleep", "600"]
    ports: ["8080:80"]
    restart: unless-stopped
    depends_on: [db]
    labels: { com.docker.compose.depends_on: "db:service_started:false" }
volumes: { data: {} }
`

describe.runIf(canStart)("the Docker source", () => {
  it("reports the machine as the engine does", async () => {
    const info = (await engine.docker.info()) as Record<string, unknown>
    const seen = await look()
    const { facets } = of(seen, "target", engineHost)
    expect(facets["identity"]).toEqual({ name: info["Name"], hostname: info["Name"], dockerEngineId: info["ID"] })
    expect(facets["os"]).toEqual({
      name: info["OperatingSystem"],
      version: info["OSVersion"],
      kernel: info["KernelVersion"],
    })
    expect(facets["hardware"]).toMatchObject({ architecture: info["Architecture"], cpuCores: info["NCPU"] })
    expect(facets["engine"]).toMatchObject({
      version: info["ServerVersion"],
      storageDriver: info["Driver"],
      rootDir: `${engine.folder}/data`,
      rootless: false,
      liveRestore: false,
      swarm: "inactive",
      containers: 0,
    })
    expect(seen.coverage).toMatchObject({ rights: expect.stringMatching(/^docker API 1\.\d+$/), notLooked: {} })
    expect(seen.coverage.complete).toEqual({ target: true, service: true, stack: true })
  })

  it("reports a container as the engine runs it, and none of its secrets", async () => {
    await engine.docker.createNetwork({
      Name: "backend",
      IPAM: { Driver: "default", Config: [{ Subnet: "198.19.200.0/24" }] },
    })
    onTestFinished(async () => {
      await engine.remove()
      await engine.docker.getNetwork("backend").remove()
    })
    const created = await engine.run("web", {
      Cmd: ["sleep", "600", "--password=planted-secret"].slice(0, 2),
      Env: ["MODE=production", "API_TOKEN=planted-secret", "planted secret without a name"],
      Labels: { tier: "planted-secret", "traefik.http.middlewares.auth.basicauth.users": "planted-secret" },
      User: "0:0",
      ExposedPorts: { "80/tcp": {}, "53/udp": {}, "9000/tcp": {} },
      Volumes: { "/scratch": {} },
      Healthcheck: { Test: ["CMD-SHELL", "true planted-secret"], Interval: 1e9 },
      HostConfig: {
        Binds: ["/usr:/host:ro", "things:/things"],
        Tmpfs: { "/run": "size=1m" },
        PortBindings: {
          "80/tcp": [{ HostPort: "8080" }, { HostIp: "127.0.0.1", HostPort: "8081" }],
          "53/udp": [{ HostPort: "5353" }],
          "9000/tcp": [{ HostPort: "" }],
        },
        NetworkMode: "backend",
        RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
        Memory: 64 * 2 ** 20,
        NanoCpus: 5e8,
        PidsLimit: 50,
        Privileged: false,
        ReadonlyRootfs: true,
        CapAdd: ["NET_ADMIN"],
      },
      NetworkingConfig: { EndpointsConfig: { backend: { IPAMConfig: { IPv4Address: "198.19.200.7" } } } },
    })
    const healthy = async () => (await created.inspect()).State.Health?.Status === "healthy"
    await until(healthy)
    const inspected = await created.inspect()
    const seen = await look()
    expect(of(seen, "service", "name:web")).toMatchObject({
      on: engineHost,
      facets: {
        identity: { name: "web", runtime: "docker" },
        config: { executable: inspected.Path, user: "0:0", stack: null, dependsOn: null },
        state: { status: "running" },
      },
    })
    expect(of(seen, "service", "name:web").facets["config"]?.["ports"]).toEqual({
      "tcp:8080": { containerPort: 80 },
      "tcp:127.0.0.1:8081": { containerPort: 80 },
      "udp:5353": { containerPort: 53 },
    })
    const facts = container(seen, "name:web")
    expect(facts).toMatchObject({
      id: inspected.Id,
      image: "box:1",
      imageId: inspected.Image,
      digest: null,
      restart: "on-failure:3",
      networkMode: "backend",
      networks: { "net:backend": { address: "198.19.200.7" } },
      memoryMiB: 64,
      cpus: 0.5,
      pids: 50,
      privileged: false,
      readOnlyRootfs: true,
      capabilities: { "cap:NET_ADMIN": {} },
      health: "healthy",
      restarts: 0,
    })
    expect(facts["mounts"]).toEqual({
      "mount:/host": { type: "bind", source: "/usr", volume: null, readOnly: true },
      "mount:/things": { type: "volume", source: null, volume: "things", readOnly: false },
      "mount:/scratch": { type: "volume", source: null, volume: null, readOnly: false },
      "mount:/run": { type: "tmpfs", source: null, volume: null, readOnly: false },
    })
    expect(keys(facts["exposed"])).toEqual(["tcp:80", "tcp:9000", "udp:53"])
    expect(keys(facts["environment"])).toEqual(["env:API_TOKEN", "env:MODE"])
    expect(keys(facts["labels"])).toEqual(["label:tier", "label:traefik.http.middlewares.auth.basicauth.users"])
    expect(JSON.stringify(seen)).not.toMatch(/planted/)
  })

  it("holds by the schemas of its facets and of its coverage, whatever names and labels say", async () => {
    const hostile = "\u001B[31m\u0000__proto__\u202E"
    await engine.run("hostile", {
      Labels: {
        __proto__x: "",
        [hostile]: "",
        "com.docker.compose.project": hostile,
        "com.docker.compose.service": "__proto__",
      },
      Env: ["__proto__=1", "\u001B[31m=1"],
      HostConfig: { Binds: ["/usr:/__proto__"] },
    })
    await engine.run("labelled", {
      Labels: JSON.parse(`{"__proto__": "x", "constructor": "x"}`) as Record<string, string>,
    })
    const { observations, coverage: covered } = await look()
    const schemas: Record<EntityKind, Record<string, { parse(value: unknown): unknown }>> = {
      target: targetFacets,
      service: serviceFacets,
      stack: stackFacets,
    }
    expect(() => coverage.parse(covered)).not.toThrow()
    for (const { kind, facets } of observations) {
      for (const [name, fields] of Object.entries(facets))
        expect(() => schemas[kind][name]?.parse(fields)).not.toThrow()
    }
    expect(JSON.stringify(observations)).not.toMatch(/\\u00(?:00|1b)/i)
    const services = observations.filter(({ kind }) => kind === "service").map(({ facets }) => facets["container"])
    expect(services.some((facts) => keys(facts?.["labels"]).includes("label:__proto__"))).toBe(true)
    expect(services.some((facts) => keys(facts?.["environment"]).includes("env:__proto__"))).toBe(true)
  })

  it("reports the same again, also after a restart, but for what is measured", async () => {
    const restarted = await engine.run("web", { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "" }] } } })
    const from = source()
    const before = withoutGauges(await look(from))
    expect(withoutGauges(await look(from))).toEqual(before)
    await restarted.restart({ t: 0 })
    expect(withoutGauges(await look(from))).toEqual(before)
    expect(withoutGauges(await look())).toEqual(before)
  })

  it("sees in a list that nothing has changed, and asks about what has", async () => {
    const one = await engine.run("one")
    await engine.run("two")
    let questions = 0
    const from = throughStreams(() => (questions += 1))
    const questionsOf = async () => {
      const before = questions
      await look(from)
      return questions - before
    }
    // Two containers and their image.
    expect(await questionsOf()).toBe(firstInspection - 1 + 3)
    await until(async () => (await questionsOf()) === firstInspection - 1)
    await one.pause()
    expect(await questionsOf()).toBeGreaterThanOrEqual(firstInspection)
    expect(statusOf(await look(from), "name:one")).toBe("stopped")
  })

  it("counts as services what runs or should, and not what has done its work", async () => {
    const quick = { Cmd: ["true"] }
    const [job] = await Promise.all([
      engine.run("job", quick),
      engine.run("failed", { Cmd: ["false"] }),
      engine.run("watched", { Cmd: ["false"], AttachStdout: true }),
      engine.run("shell", { HostConfig: { AutoRemove: true } }),
      engine.run("command", {
        Labels: {
          "com.docker.compose.project": "shop",
          "com.docker.compose.service": "web",
          "com.docker.compose.oneoff": "True",
        },
      }),
      engine.run("kept", { ...quick, HostConfig: { RestartPolicy: { Name: "on-failure" } } }),
      engine.run("running"),
    ])
    await job?.wait()
    await until(async () => {
      const listed = await engine.docker.listContainers({ all: true })
      return listed.filter(({ State }) => State === "exited").length === 4
    })
    const seen = await look()
    expect(keysOf(seen)).toEqual([
      `target ${engineHost}`,
      "service name:failed",
      "service name:kept",
      "service name:running",
    ])
    expect(["failed", "kept", "running"].map((name) => statusOf(seen, `name:${name}`))).toEqual([
      "failed",
      "stopped",
      "running",
    ])
    expect(seen.coverage.complete.service).toBe(true)
  })

  it("calls a container failed for as long as its engine has to restart it, at whatever moment it is looked at", async () => {
    const looping = await engine.run("looping", {
      Cmd: ["sleep", "0.1"],
      HostConfig: { RestartPolicy: { Name: "always" } },
    })
    await until(async () => ((await looping.inspect()) as { RestartCount?: number }).RestartCount === 2)
    const from = source()
    const states = new Set<unknown>()
    const found = new Set<string>()
    await until(async () => {
      states.add((await looping.inspect()).State.Status)
      found.add(String(statusOf(await look(from), "name:looping")))
      return states.has("running") && states.has("restarting")
    })
    expect([...found]).toEqual(["failed"])
  })

  it("tells when it stopped from when it failed", async () => {
    await engine.run("stopped", { HostConfig: { RestartPolicy: { Name: "always" } } })
    await engine.docker.getContainer("stopped").stop({ t: 0 })
    expect(statusOf(await look(), "name:stopped")).toBe("stopped")
  })

  it("sees a container that is gone as not there, in a look that saw everything", async () => {
    await engine.run("web")
    const from = source()
    expect(keysOf(await look(from))).toContain("service name:web")
    await engine.remove("web")
    const seen = await look(from)
    expect(keysOf(seen)).toEqual([`target ${engineHost}`])
    expect(seen.coverage.complete).toEqual({ target: true, service: true, stack: true })
  })
})

describe.runIf(canStart && needs("docker-compose"))("a Compose project", () => {
  it("is a stack of services that stay the same when their containers are made anew", async () => {
    engine.compose("shop", shop("box:1"), "up", "-d")
    const from = source()
    const before = await look(from)
    expect(keysOf(before)).toEqual([
      `target ${engineHost}`,
      "service compose:shop:db:1",
      "service compose:shop:web:1",
      "stack compose:shop",
    ])
    expect(of(before, "stack", "compose:shop").facets).toMatchObject({
      identity: { name: "shop", runtime: "compose" },
      config: {
        workingDir: engine.folder,
        networks: { "net:shop_default": { driver: "bridge", internal: false } },
        volumes: { "volume:shop_data": { driver: "local" } },
      },
    })
    expect(of(before, "service", "compose:shop:web:1").facets).toMatchObject({
      identity: { name: "shop_web_1" },
      config: { stack: "shop", stackService: "web", dependsOn: { "service:db": { condition: "service_started" } } },
      container: { restart: "unless-stopped", networks: { "net:shop_default": { address: null } } },
    })
    expect(JSON.stringify(before)).not.toMatch(/planted/)

    const image = engine.docker.getImage("box:1")
    await image.tag({ repo: "box", tag: "2" })
    engine.compose("shop", shop("box:2"), "up", "-d", "-t", "0")
    const after = await look(from)
    expect(keysOf(after)).toEqual(keysOf(before))
    expect(container(after, "compose:shop:db:1")).toEqual(container(before, "compose:shop:db:1"))
    const { id, image: reference, configHash, ...same } = container(after, "compose:shop:web:1")
    const { id: oldId, image: oldReference, configHash: oldHash, ...asBefore } = container(before, "compose:shop:web:1")
    expect(same).toEqual(asBefore)
    expect([reference, oldReference]).toEqual(["box:2", "box:1"])
    expect(id).not.toBe(oldId)
    expect(configHash).not.toBe(oldHash)

    await engine.remove()
    expect(keysOf(await look(from))).toEqual([`target ${engineHost}`])
  })
})

/** A source that goes through a stream of the test's, which counts the questions: each has a connection of its own. */
function throughStreams(asked: (question: number) => void, ports: Partial<DockerPorts> = {}): Source {
  let question = 0
  const connect = async () => {
    asked((question += 1))
    const socket = net.connect(engine.socket)
    await once(socket, "connect")
    return socket
  }
  return source({ host: "ssh://fleet@engine" }, { ...ports, overSsh: () => ({ connect }) })
}

/** Version, information, networks, volumes and the list of containers go before. */
const firstInspection = 6

describe.runIf(canStart)("an engine that is not what it was", () => {
  it("is looked at through ssh as through its socket", async () => {
    await engine.run("web")
    expect(withoutGauges(await look(throughStreams(() => {})))).toEqual(withoutGauges(await look()))
  })

  it.each([
    ["has frozen", async () => engine.freeze(), async () => engine.thaw(), /no answer within 0.5 s/],
    ["was killed", () => engine.kill(), () => engine.start(), /^the Docker Engine at ssh:/],
  ])("ends a look in whose midst it %s, and nothing is concluded", async (_, fail, recover, why) => {
    await Promise.all(
      ["one", "two", "three"].map((name) => engine.docker.createContainer({ name, Image: "box:1", Cmd: ["true"] })),
    )
    let failed: Promise<void> | undefined
    const from = throughStreams(
      (question) => {
        if (question === firstInspection) failed = fail()
      },
      { patienceMs: 500 },
    )
    const failure = await look(from).catch((error: unknown) => error)
    await failed
    await recover()
    expect(failure).toMatchObject({ code: "SourceUnavailable", message: expect.stringMatching(why) })
  })

  it("is not there", async () => {
    const failure = look(source({ host: "unix:///nowhere/docker.sock" }))
    await expect(failure).rejects.toMatchObject({ code: "SourceUnavailable", retryable: true })
    await expect(failure).rejects.toThrow("/nowhere/docker.sock")
  })

  it("leaves a look that is not wanted any more", async () => {
    const controller = new AbortController()
    engine.freeze()
    const looking = source().look(controller.signal)
    setImmediate(() => controller.abort(new Error("enough")))
    const outcome = await looking.catch((error: unknown) => error)
    engine.thaw()
    expect(outcome).toMatchObject({ message: "enough" })
  })
})

describe.runIf(canStart)("an engine that listens on TCP", () => {
  let listening: DockerEngine
  let folder: string
  let port: number
  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "fleet-ledger-tls-"))
    const [ours, theirs] = [selfSigned("localhost"), selfSigned("localhost")]
    // Each is its own authority: what one side is, the other trusts.
    for (const [side, own, other] of [
      ["engine", theirs, ours],
      ["client", ours, theirs],
    ] as const) {
      await fs.mkdir(path.join(folder, side))
      const files = { ca: other.certificate, cert: own.certificate, key: own.key }
      for (const [name, pem] of Object.entries(files)) await fs.writeFile(path.join(folder, side, `${name}.pem`), pem)
    }
    port = await freePort()
    listening = await DockerEngine.start({ port, folder: path.join(folder, "engine") })
  })
  afterAll(async () => {
    await listening?.stop()
    await fs.rm(folder, { recursive: true, force: true })
  })
  const tlsOf = (side: string) => {
    const file = (name: string) => path.join(folder, side, `${name}.pem`)
    return { ca: file("ca"), cert: file("cert"), key: file("key") }
  }

  it("is looked at when each side knows the other", async () => {
    const seen = await look(source({ host: `tcp://localhost:${port}`, tls: tlsOf("client") }))
    const { ID } = (await listening.docker.info()) as { ID: string }
    expect(of(seen, "target", engineHost).facets["identity"]).toMatchObject({ dockerEngineId: ID })
  })

  it("is found by the name of a context, and by the variables of the docker command", async () => {
    const id = createHash("sha256").update("far").digest("hex")
    const config = path.join(folder, "config")
    await fs.mkdir(path.join(config, "contexts/meta", id), { recursive: true })
    await fs.cp(path.join(folder, "client"), path.join(config, "contexts/tls", id, "docker"), { recursive: true })
    const meta = { Name: "far", Endpoints: { docker: { Host: `tcp://localhost:${port}`, SkipTLSVerify: false } } }
    await fs.writeFile(path.join(config, "contexts/meta", id, "meta.json"), JSON.stringify(meta))
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv("DOCKER_CONFIG", config)
    expect(keysOf(await look(source({ context: "far" })))).toEqual([`target ${engineHost}`])
    vi.stubEnv("DOCKER_HOST", `tcp://localhost:${port}`)
    vi.stubEnv("DOCKER_TLS_VERIFY", "1")
    vi.stubEnv("DOCKER_CERT_PATH", path.join(folder, "client"))
    expect(keysOf(await look(source({})))).toEqual([`target ${engineHost}`])
  })

  it.each([
    [
      "the engine is not who it should be",
      () => ({ ...tlsOf("client"), ca: tlsOf("engine").ca }),
      /self-signed|certificate/,
    ],
    ["the engine does not know us", () => tlsOf("client").ca, /certificate|ECONNRESET|socket hang up|alert/],
  ])("is not looked at when %s", async (_, given, why) => {
    const tls = given()
    const failure = look(source({ host: `tcp://localhost:${port}`, tls: typeof tls === "string" ? { ca: tls } : tls }))
    await expect(failure).rejects.toMatchObject({ code: "SourceUnavailable", message: expect.stringMatching(why) })
  })
})

describe.runIf(canStart)("following an engine's events", () => {
  const patienceMs = 2_000

  /** The next that is yielded, or `nothing` when that takes too long. */
  function following(from: Source) {
    const controller = new AbortController()
    const changes = from.changes?.(controller.signal)[Symbol.asyncIterator]()
    onTestFinished(() => controller.abort())
    return {
      next: async (ms = patienceMs) => {
        let timer: NodeJS.Timeout | undefined
        const late = new Promise((resolve) => (timer = setTimeout(resolve, ms, "nothing")))
        const told = changes?.next().then(({ done }) => (done === true ? "the end" : "a change"))
        return Promise.race([told, late]).finally(() => clearTimeout(timer))
      },
      end: () => controller.abort(),
    }
  }

  it("tells within two seconds of what a look would see, and of nothing else", async () => {
    const web = await engine.run("web")
    const from = source()
    const { next, end } = following(from)
    expect(await next()).toBe("a change")
    await look(from)

    await engine.run("other")
    expect(await next()).toBe("a change")
    expect(keysOf(await look(from))).toContain("service name:other")
    await web.update({ Memory: 32 * 2 ** 20, MemorySwap: -1 })
    expect(await next()).toBe("a change")
    expect(container(await look(from), "name:web")).toMatchObject({ memoryMiB: 32 })

    const exec = await web.exec({ Cmd: ["true"], AttachStdout: true })
    const output = await exec.start({})
    await once(output.resume(), "end")
    const quiet = next()
    expect(await Promise.race([quiet, new Promise((resolve) => setTimeout(resolve, 600, "silence"))])).toBe("silence")
    end()
    expect(await quiet).toBe("the end")
  })

  it("goes on when the engine is back", async () => {
    const { next } = following(source())
    expect(await next()).toBe("a change")
    await engine.kill()
    await engine.start()
    expect(await next(5_000)).toBe("a change")
  })
})
