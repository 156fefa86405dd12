/**
 * A container as a service. Known by what it was deployed as, or else by its name: both outlive the container, so that making it anew is a
 * change and not another service.
 *
 * Values of its environment and labels, its arguments, its health check's command and its volumes' options may hold secrets, and are not read.
 */
import { type Json, type JsonObject } from "#kernel/json.js"
import type { Observation } from "../../observation.js"
import { isWildcard, place } from "../../facts/bound-sockets.js"
import { foreignText } from "../../facts/foreign.js"
import { type Deployment, configHashOf, dependenciesOf, deploymentOf } from "./deployment.js"
import { at, countAt, flagAt, itemsAt, membersAt, textAt } from "./json.js"
import { restartPolicyOf, stateOf } from "./state.js"

/** What a look knows besides the container itself. */
export interface Surroundings {
  readonly on: string
  /** The engine's time. */
  readonly now: number
  /** An image by its id; undefined where it was not looked at. */
  readonly image: (id: string) => Json | undefined
  /** A container's name by its id. */
  readonly nameOf: (id: string) => string | undefined
}

export function serviceOf(inspected: Json, surroundings: Surroundings): Observation {
  const deployment = deploymentOf(at(inspected, "Config", "Labels"))
  const name = nameOf(inspected, deployment)
  return {
    kind: "service",
    nativeKey: nativeKeyOf(name, deployment),
    on: surroundings.on,
    facets: {
      identity: { name, runtime: "docker" },
      config: configOf(inspected, deployment),
      state: stateOf(inspected, surroundings.now),
      container: containerOf(inspected, deployment, surroundings),
    },
  }
}

/** Compose gives the old container another name while it makes the new one: its id in front of its own. */
function nameOf(inspected: Json, deployment: Deployment | undefined): string {
  const name = (textAt(inspected, "Name") ?? textAt(inspected, "Id") ?? "").replace(/^\//, "")
  return deployment === undefined ? name : name.replace(/^[0-9a-f]{12}_/, "")
}

function nativeKeyOf(name: string, deployment: Deployment | undefined): string {
  if (deployment === undefined) return foreignText(`name:${name}`)
  const { runtime, stack, service, replica } = deployment
  return foreignText([runtime, ...(stack === null ? [] : [stack]), service, replica].join(":"))
}

function configOf(inspected: Json, deployment: Deployment | undefined): JsonObject {
  const stack = deployment?.stack ?? null
  const dependsOn = deployment === undefined ? null : dependenciesOf(at(inspected, "Config", "Labels"))
  return {
    // Somebody may have put the arguments into the same word.
    executable: textAt(inspected, "Path")?.split(/\s/)[0] ?? null,
    user: textAt(inspected, "Config", "User") ?? "root",
    ports: published(inspected),
    stack,
    stackService: stack === null ? null : (deployment?.service ?? null),
    ...(dependsOn === undefined ? {} : { dependsOn }),
  }
}

function containerOf(
  inspected: Json,
  deployment: Deployment | undefined,
  { image, nameOf: other }: Surroundings,
): JsonObject {
  const imageId = textAt(inspected, "Image")
  return {
    id: textAt(inspected, "Id"),
    image: textAt(inspected, "Config", "Image"),
    imageId,
    ...digestOf(textAt(inspected, "Config", "Image") ?? "", image(imageId ?? "")),
    configHash: configHashOf(at(inspected, "Config", "Labels")),
    restart: restartPolicyOf(inspected),
    exposed: exposed(inspected),
    mounts: mounts(inspected),
    networkMode: networkMode(inspected, other),
    networks: networks(inspected, deployment),
    environment: environment(inspected),
    labels: labels(inspected),
    memoryMiB: mebibytes(countAt(inspected, "HostConfig", "Memory")),
    cpus: cpus(inspected),
    pids: countAt(inspected, "HostConfig", "PidsLimit") || null,
    privileged: flagAt(inspected, "HostConfig", "Privileged"),
    readOnlyRootfs: flagAt(inspected, "HostConfig", "ReadonlyRootfs"),
    capabilities: named("cap", itemsAt(inspected, "HostConfig", "CapAdd"), (name) => name.replace(/^CAP_/, "")),
    ...health(inspected),
    restarts: countAt(inspected, "RestartCount"),
  }
}

/** Of those that an image has, the one of the repository that was asked for. */
function digestOf(reference: string, image: Json | undefined): JsonObject {
  if (image === undefined) return {}
  const digests = itemsAt(image, "RepoDigests").filter((digest) => typeof digest === "string")
  const repository = reference.replace(/@.*$/, "").replace(/:[^:/]*$/, "")
  const digest = digests.find((candidate) => candidate.startsWith(`${repository}@`)) ?? digests.toSorted()[0]
  return { digest: digest === undefined ? null : foreignText(digest.slice(digest.indexOf("@") + 1)) }
}

/** `80/tcp`. What is neither TCP nor UDP has no place among ports here. */
function portOf(text: string): { readonly protocol: string; readonly port: number } | undefined {
  const [, port = "", protocol = ""] = /^(\d{1,5})\/(tcp|udp)$/.exec(text) ?? []
  return protocol === "" ? undefined : { protocol, port: Number(port) }
}

/** A port that the engine chooses is another one after every start, and left out; on the host's network nothing is published. */
function published(inspected: Json): JsonObject {
  if (textAt(inspected, "HostConfig", "NetworkMode") === "host") return {}
  const ports: [string, JsonObject][] = []
  for (const [name, bindings] of membersAt(inspected, "HostConfig", "PortBindings")) {
    const container = portOf(name)
    if (container === undefined) continue
    for (const binding of itemsAt(bindings)) {
      const port = Number(/^\d{1,5}$/.exec(textAt(binding, "HostPort") ?? "")?.[0])
      if (!(port > 0)) continue
      const address = textAt(binding, "HostIp") ?? "0.0.0.0"
      const key = `${container.protocol}:${place(isWildcard(address) ? "0.0.0.0" : address, port)}`
      ports.push([key, { containerPort: container.port }])
    }
  }
  return Object.fromEntries(ports)
}

function exposed(inspected: Json): JsonObject {
  const ports = membersAt(inspected, "Config", "ExposedPorts").map(([name]) => portOf(name))
  return Object.fromEntries(
    ports.flatMap((port) => (port === undefined ? [] : [[`${port.protocol}:${port.port}`, {}]])),
  )
}

function mounts(inspected: Json): JsonObject {
  const memory = membersAt(inspected, "HostConfig", "Tmpfs").map(([destination, options]) => {
    const readOnly = typeof options === "string" && options.split(",").includes("ro")
    return [`mount:${foreignText(destination)}`, { type: "tmpfs", source: null, volume: null, readOnly }] as const
  })
  const others = itemsAt(inspected, "Mounts").map((mount) => {
    const type = textAt(mount, "Type")
    const name = textAt(mount, "Name")
    const item = {
      type,
      source: type === "bind" ? textAt(mount, "Source") : null,
      volume: name === null || /^[0-9a-f]{64}$/.test(name) ? null : name,
      readOnly: flagAt(mount, "RW") === false,
    }
    return [`mount:${textAt(mount, "Destination") ?? ""}`, item] as const
  })
  return Object.fromEntries([...memory, ...others])
}

/** The network of another container is named by that one's name: its id is another one when it is made anew. */
function networkMode(inspected: Json, other: Surroundings["nameOf"]): string | null {
  const mode = textAt(inspected, "HostConfig", "NetworkMode")
  if (mode === "default") return "bridge"
  const id = mode?.startsWith("container:") ? mode.slice("container:".length) : undefined
  const name = id === undefined ? undefined : other(id)
  return name === undefined ? mode : foreignText(`container:${name}`)
}

/** A swarm gives each task another address, and says so in the same place as what a person asked for. */
function networks(inspected: Json, deployment: Deployment | undefined): JsonObject {
  return Object.fromEntries(
    membersAt(inspected, "NetworkSettings", "Networks").map(([name, network]) => {
      const asked = deployment?.runtime === "swarm" ? null : textAt(network, "IPAMConfig", "IPv4Address")
      return [`net:${foreignText(name)}`, { address: asked }]
    }),
  )
}

/** What does not look like a name may be a value that somebody forgot to name. */
function environment(inspected: Json): JsonObject {
  const names = itemsAt(inspected, "Config", "Env").map((entry) =>
    typeof entry === "string" ? (entry.split("=", 1)[0] ?? "") : "",
  )
  const likely = names.filter((name) => /^[A-Za-z_][\w.-]{0,255}$/.test(name))
  return Object.fromEntries(likely.map((name) => [`env:${name}`, {}]))
}

/** Docker's own are read where they say something. */
function labels(inspected: Json): JsonObject {
  const names = membersAt(inspected, "Config", "Labels").map(([name]) => name)
  return named(
    "label",
    names.filter((name) => !name.startsWith("com.docker.")),
    (name) => name,
  )
}

function named(prefix: string, names: readonly Json[], understand: (name: string) => string): JsonObject {
  const texts = names.filter((name) => typeof name === "string")
  return Object.fromEntries(texts.map((name) => [`${prefix}:${foreignText(understand(name))}`, {}]))
}

/** 0 is no limit. */
function mebibytes(bytes: number | null): number | null {
  return bytes === null || bytes === 0 ? null : Math.floor(bytes / 2 ** 20)
}

function cpus(inspected: Json): number | null {
  const billionths = countAt(inspected, "HostConfig", "NanoCpus") || 0
  if (billionths > 0) return billionths / 1e9
  const quota = countAt(inspected, "HostConfig", "CpuQuota") || 0
  const period = countAt(inspected, "HostConfig", "CpuPeriod") || 100_000
  return quota > 0 ? quota / period : null
}

/** It says something while the container runs and once it has come to a conclusion: each start begins anew. */
function health(inspected: Json): JsonObject {
  const test = itemsAt(inspected, "Config", "Healthcheck", "Test")
  if (test.length === 0 || test[0] === "NONE") return { health: null }
  const concluded = textAt(inspected, "State", "Health", "Status")
  const isUp = flagAt(inspected, "State", "Running") === true && (concluded === "healthy" || concluded === "unhealthy")
  return isUp ? { health: concluded } : {}
}
