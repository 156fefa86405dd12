/**
 * A Docker Engine: the machine that it runs on as far as it knows it, its containers as services, and what they were deployed as, as stacks.
 *
 * The machine's native key is constant, as is a local machine's: whatever the engine calls itself is evidence, and no name.
 */
import * as os from "node:os"
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Json } from "#kernel/json.js"
import type { NotSeen } from "../facts/answer.js"
import { foreignText } from "../facts/foreign.js"
import type { Look, Observation, Source } from "../observation.js"
import type { OverSsh } from "./docker/agent.js"
import { changesAt } from "./docker/changes.js"
import { serviceOf } from "./docker/container.js"
import { type Containers, type Listed, containersOf, listIn } from "./docker/containers.js"
import { type DockerOptions, endpointOf } from "./docker/endpoint.js"
import { type Engine, answered, engineAt } from "./docker/engine.js"
import { flagAt, itemsAt, textAt, timeAt } from "./docker/json.js"
import { containerState } from "./docker/health.js"
import { machineFacts } from "./docker/machine.js"
import { Memory } from "./docker/memory.js"
import { stacksOf } from "./docker/stacks.js"
import { isRemovedAtItsEnd, isService } from "./docker/state.js"

/** The native key of the one target that a Docker source has. */
export const engineHost = "engine-host"

export interface DockerPorts {
  readonly clock: Clock
  readonly overSsh: OverSsh
  /** How long an engine may take for one answer. */
  readonly patienceMs?: number
}

/** @param name the name of the configured source; its look throws `SourceUnavailable` where no engine answers */
export function dockerSource(
  name: string,
  options: DockerOptions,
  { clock, overSsh, patienceMs = 15_000 }: DockerPorts,
): Source {
  const memory = new Memory()
  const connect = async (signal: AbortSignal) => {
    const endpoint = await endpointOf(options, { env: process.env, home: os.homedir() })
    return engineAt(endpoint, { overSsh, signal, patienceMs })
  }
  return {
    name,
    kind: "docker",
    async look(signal) {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const engine = await connect(signal)
      try {
        return { observedAt, ...(await survey(engine, memory, epochMs(observedAt))) }
      } finally {
        engine.close()
      }
    },
    async container(target, id, signal) {
      if (target !== engineHost) throw new FleetError("NotFound", `"${name}" is the engine of one machine alone`)
      const engine = await connect(signal)
      try {
        return await containerState(engine, id)
      } finally {
        engine.close()
      }
    },
    changes: (signal) =>
      changesAt(
        () => connect(signal),
        signal,
        (id) => memory.forget(id),
      ),
  }
}

async function survey(engine: Engine, memory: Memory, here: number): Promise<Omit<Look, "observedAt">> {
  const version = answered(await engine.ask((docker, how) => docker.version(how)))
  const api = "json" in version ? textAt(version.json, "ApiVersion") : null
  if (!("json" in version) || api === null) {
    const why = "why" in version ? version.why : "what answers is no Docker Engine"
    throw new FleetError("SourceUnavailable", `${engine.address}: ${why}`)
  }
  const [info, networks, volumes, containers] = await Promise.all([
    engine.ask((docker, how) => docker.info(how)).then(answered),
    engine.ask((docker, how) => docker.listNetworks(how)).then((reply) => listIn(reply)),
    engine.ask((docker, how) => docker.listVolumes(how)).then((reply) => listIn(reply, "Volumes")),
    containersOf(engine, memory, here),
  ])
  const machine = machineFacts(info, version.json)
  const target: Observation = { kind: "target", nativeKey: engineHost, facets: machine.facets }
  const isListed = "listed" in containers
  // By the engine's clock where it tells it, as its containers' times are.
  const now = ("json" in info ? timeAt(info.json, "SystemTime") : undefined) ?? here
  const services = isListed ? servicesOf(containers, now, memory.lasted) : []
  const stacks = isListed ? stacksOf(containers.listed, networks, volumes, engineHost) : []
  const facets = Object.keys(machine.facets)
  return {
    observations: [target, ...services.toSorted(byNativeKey), ...stacks.toSorted(byNativeKey)],
    coverage: {
      rights: foreignText(`docker API ${api}`),
      looked: Object.fromEntries([...facets, ...(isListed ? ["service", "stack"] : [])].map((name) => [name, true])),
      notLooked: { ...machine.notLooked, ...notLooked(containers, networks, volumes) },
      complete: { target: true, service: isListed && containers.unseen === undefined, stack: isListed },
    },
  }
}

function notLooked(containers: Containers | NotSeen, networks: Listed, volumes: Listed): Record<string, string> {
  if ("why" in containers) return { "/service": containers.why, "/stack": containers.why }
  const { unseen, unseenImages } = containers
  return {
    ...(unseen !== undefined && { "/service": unseen }),
    ...(unseenImages !== undefined && { "/service/container/digest": unseenImages }),
    ...("why" in networks && { "/stack/config/networks": networks.why }),
    ...("why" in volumes && { "/stack/config/volumes": volumes.why }),
  }
}

function servicesOf({ listed, inspected, images }: Containers, now: number, lasted: Set<string>): Observation[] {
  const names = new Map(listed.map((entry) => [textAt(entry, "Id"), textAt(itemsAt(entry, "Names")[0])]))
  const surroundings = {
    on: engineHost,
    now,
    image: (id: string) => images.get(id),
    nameOf: (id: string) => names.get(id)?.replace(/^\//, ""),
  }
  const services = new Map<string, Observation>()
  for (const container of inspected.toSorted(byImportance)) {
    const service = serviceOf(container, surroundings)
    if (!isService(container, now, lasted.has(service.nativeKey))) continue
    if (isRemovedAtItsEnd(container)) lasted.add(service.nativeKey)
    services.set(service.nativeKey, service)
  }
  return [...services.values()]
}

/** Of containers that are the same service, as while one takes the place of another, the one that runs counts, else the newest: the last here. */
function byImportance(a: Json, b: Json): number {
  const running = (container: Json) => Number(flagAt(container, "State", "Running") === true)
  return running(a) - running(b) || (timeAt(a, "Created") ?? 0) - (timeAt(b, "Created") ?? 0)
}

function byNativeKey(a: Observation, b: Observation): number {
  return a.nativeKey < b.nativeKey ? -1 : 1
}
