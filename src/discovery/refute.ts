/**
 * Positive evidence that a service is gone, where a look could not see everything: a process that listens is known by its ports. When sockets were
 * looked at and none of its ports is there, or another process was seen to hold it, the service does not run.
 */
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Observation } from "./observation.js"

/** @param target what the same look saw of the machine that the service runs on */
export function refutes(target: Observation | undefined, service: ServiceDocument): boolean {
  const sockets = target?.facets["sockets"] as TargetDocument["sockets"] | undefined
  const ports = Object.keys(service.config?.ports ?? {})
  if (sockets === undefined || ports.length === 0 || service.identity?.runtime !== "process") return false
  return ports.every((port) => {
    const socket = sockets[port]
    if (socket === undefined) return true
    // A process that could not be seen (missing) may still be this one.
    return typeof socket.process === "string" && socket.process !== service.identity?.name
  })
}
