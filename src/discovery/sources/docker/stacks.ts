/** Stacks, by the containers that there are of them: Compose and swarms keep no list of their own that an engine would know. */
import type { Json, JsonObject } from "#kernel/json.js"
import type { Observation } from "../../observation.js"
import { foreignText } from "../../facts/foreign.js"
import type { Listed } from "./containers.js"
import { deploymentOf, filesOf, isOneOff, stackOf, workingDirOf } from "./deployment.js"
import { at, countAt, flagAt, textAt } from "./json.js"

/** @param containers as the engine lists them, and its networks and volumes */
export function stacksOf(containers: readonly Json[], networks: Listed, volumes: Listed, on: string): Observation[] {
  const stacks = new Map<string, Observation>()
  // What the container that was made last says counts.
  for (const entry of containers.toSorted((a, b) => (countAt(b, "Created") ?? 0) - (countAt(a, "Created") ?? 0))) {
    const labels = at(entry, "Labels")
    const deployment = deploymentOf(labels)
    if (deployment === undefined || deployment.stack === null || isOneOff(labels)) continue
    const { runtime, stack: name } = deployment
    const nativeKey = foreignText(`${runtime}:${name}`)
    if (stacks.has(nativeKey)) continue
    const config = { ...deployedFrom(runtime, labels), ...belongingTo(name, networks, volumes) }
    stacks.set(nativeKey, { kind: "stack", nativeKey, on, facets: { identity: { name, runtime }, config } })
  }
  return [...stacks.values()]
}

function deployedFrom(runtime: string, labels: Json | undefined): JsonObject {
  if (runtime !== "compose") return { workingDir: null, files: null }
  const files = Object.fromEntries(filesOf(labels).map((file) => [`file:${file}`, {}]))
  return { workingDir: workingDirOf(labels), files }
}

function belongingTo(stack: string, networks: Listed, volumes: Listed): JsonObject {
  const own = (listed: readonly Json[]) => listed.filter((item) => stackOf(at(item, "Labels")) === stack)
  return {
    ...("json" in networks && { networks: keyed("net", own(networks.json), networkOf) }),
    ...("json" in volumes && { volumes: keyed("volume", own(volumes.json), volumeOf) }),
  }
}

function networkOf(network: Json): JsonObject {
  return { driver: textAt(network, "Driver"), internal: flagAt(network, "Internal") }
}

function volumeOf(volume: Json): JsonObject {
  return { driver: textAt(volume, "Driver") }
}

function keyed(prefix: string, items: readonly Json[], itemOf: (item: Json) => JsonObject): JsonObject {
  return Object.fromEntries(items.map((item) => [`${prefix}:${textAt(item, "Name") ?? ""}`, itemOf(item)]))
}
