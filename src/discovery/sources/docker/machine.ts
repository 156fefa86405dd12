/** The machine that an engine runs on, as far as the engine tells. */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Answer, type Facts, type NotSeen, factsOf } from "../../facts/answer.js"
import { countAt, flagAt, itemsAt, textAt } from "./json.js"

/** What an engine answered, or why it did not. */
export type Answered = { readonly json: Json } | NotSeen

export interface MachineFacts {
  readonly facets: Readonly<Record<string, JsonObject>>
  readonly notLooked: Readonly<Record<string, string>>
}

export function machineFacts(info: Answered, version: Json): MachineFacts {
  const say = (read: (json: Json) => Json): Answer => {
    if ("why" in info) return info
    const value = read(info.json)
    return value === null || value === "<unknown>" ? { why: "the engine does not say" } : { value }
  }
  const text = (...path: readonly string[]) => say((json) => textAt(json, ...path))
  const count = (...path: readonly string[]) => say((json) => countAt(json, ...path))
  const facts: Readonly<Record<string, Facts>> = {
    identity: factsOf("identity", { name: text("Name"), hostname: text("Name"), dockerEngineId: text("ID") }),
    os: factsOf("os", {
      name: text("OperatingSystem"),
      version: text("OSVersion"),
      kernel: text("KernelVersion"),
    }),
    hardware: factsOf("hardware", {
      architecture: text("Architecture"),
      cpuCores: count("NCPU"),
      memoryMiB: say((json) => {
        const bytes = countAt(json, "MemTotal")
        return bytes === null ? null : Math.floor(bytes / 2 ** 20)
      }),
    }),
    engine: factsOf("engine", {
      version: { value: textAt(version, "Version") },
      apiVersion: { value: textAt(version, "ApiVersion") },
      storageDriver: text("Driver"),
      cgroupDriver: text("CgroupDriver"),
      cgroupVersion: text("CgroupVersion"),
      rootDir: text("DockerRootDir"),
      rootless: say(isRootless),
      liveRestore: say((json) => flagAt(json, "LiveRestoreEnabled")),
      swarm: text("Swarm", "LocalNodeState"),
      containers: count("Containers"),
      containersRunning: count("ContainersRunning"),
      images: count("Images"),
    }),
  }
  const facets = Object.entries(facts).flatMap(([name, { fields }]) => (fields === undefined ? [] : [[name, fields]]))
  return {
    facets: Object.fromEntries(facets) as MachineFacts["facets"],
    notLooked: Object.assign(
      {},
      ...Object.values(facts).map(({ notLooked }) => notLooked),
    ) as MachineFacts["notLooked"],
  }
}

function isRootless(info: Json): boolean {
  return itemsAt(info, "SecurityOptions").some(
    (option) => typeof option === "string" && /^name=rootless\b/.test(option),
  )
}
