/**
 * The services of a machine without a service manager: processes that listen. A restart gives a service another pid, so it is known
 * by what it calls itself and by its lowest port.
 */
import type { Json } from "#kernel/json.js"
import type { Observation } from "../observation.js"
import type { Answer, ServiceFacts } from "./answer.js"
import { type BoundSocket, boundSockets } from "./bound-sockets.js"
import type { Materials } from "./material.js"
import { type Owner, ownersOf } from "./owners.js"
import { userNames } from "./users.js"

interface Listener {
  readonly owner: Owner
  readonly sockets: BoundSocket[]
}

export function listeningServices(materials: Materials, on: string): ServiceFacts {
  const sockets = boundSockets(materials)
  if ("why" in sockets) return { observations: [], notLooked: { "/service": sockets.why }, complete: false }
  const { listeners, unseen } = listenersOf(sockets, materials)
  const notLooked: Record<string, string> = unseen === undefined ? {} : { "/service": unseen }
  const nameOf = userNames(materials.passwd)
  const observations = byNativeKey(listeners).map(([nativeKey, { owner, sockets: held }]): Observation => {
    const config: Record<string, Json> = { description: null, enabled: null, ports: portsOf(held) }
    const put = (field: string, given: Answer) => {
      if ("value" in given) config[field] = given.value
      else notLooked[`/service/config/${field}`] = given.why
    }
    put("executable", owner.executable)
    put("user", nameOf(owner.uid))
    const identity = { name: owner.name, runtime: "process" }
    return { kind: "service", nativeKey, on, facets: { identity, config, state: { status: "running" } } }
  })
  return { observations, notLooked, complete: unseen === undefined }
}

/** Sockets by the process that holds them, and why any holder could not be seen. */
function listenersOf(sockets: readonly BoundSocket[], materials: Materials) {
  const owners = ownersOf(materials["socket-owners"])
  const byPid = new Map<number, Listener>()
  const seenInPart = new Set<number>()
  let unseen: string | undefined
  for (const socket of sockets) {
    const owner = owners.of(socket)
    if (owner === null) continue
    if ("why" in owner) {
      unseen = owner.why
      if (owner.holder !== undefined) seenInPart.add(owner.holder.pid)
      continue
    }
    const listener = byPid.get(owner.pid)
    if (listener === undefined) byPid.set(owner.pid, { owner, sockets: [socket] })
    else listener.sockets.push(socket)
  }
  // Its lowest port may be the one that is in doubt, and that would give it another name.
  return { listeners: [...byPid.values()].filter(({ owner }) => !seenInPart.has(owner.pid)), unseen }
}

/** Processes of one name that share their lowest port (on several addresses, or as workers) are one service. */
function byNativeKey(listeners: readonly Listener[]): [string, Listener][] {
  const services = new Map<string, Listener>()
  for (const { owner, sockets } of listeners.toSorted((a, b) => a.owner.pid - b.owner.pid)) {
    const nativeKey = `process:${owner.name}:${Math.min(...sockets.map(({ port }) => port))}`
    const service = services.get(nativeKey)
    if (service === undefined) services.set(nativeKey, { owner, sockets: [...sockets] })
    else service.sockets.push(...sockets)
  }
  return [...services]
}

function portsOf(sockets: readonly BoundSocket[]): Json {
  return Object.fromEntries(sockets.map(({ key }) => [key, {}]))
}
