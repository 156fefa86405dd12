/** What an inventory states, whatever format it is in, and the observations that this makes. */
import * as net from "node:net"
import { FleetError } from "#kernel/errors.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignNames, foreignText } from "../../facts/foreign.js"
import type { Observation } from "../../observation.js"

export interface StatedHost {
  readonly name: string
  readonly addresses: readonly string[]
  readonly labels: JsonObject
  /** How it says that the host is reached. */
  readonly access?: JsonObject
  readonly services?: readonly StatedService[]
}

export interface StatedService {
  readonly name: string
  /** Of TCP. */
  readonly ports: readonly number[]
}

export interface Inventory {
  readonly hosts: readonly StatedHost[]
  /** Whether the format has a place for services, so that those which are not there are none. */
  readonly listsServices: boolean
}

export function wrong(where: string, what: string): FleetError {
  return new FleetError("SourceUnavailable", foreignText(`${where}: ${what}`))
}

export function observationsOf({ hosts }: Inventory): Observation[] {
  // By native key: names that differ only in what cannot be kept are one.
  const observations = new Map<string, Observation>()
  for (const host of hosts) {
    const target = targetOf(host)
    observations.set(`target ${target.nativeKey}`, target)
    for (const { name, ports } of host.services ?? []) {
      const nativeKey = foreignText(`${name}@${host.name}`)
      const listening = Object.fromEntries(ports.map((port) => [`tcp:${port}`, {}]))
      const facets = { identity: { name: foreignText(name) }, config: { ports: listening } }
      observations.set(`service ${nativeKey}`, { kind: "service", nativeKey, on: target.nativeKey, facets })
    }
  }
  return [...observations.values()]
}

function targetOf({ name, addresses, labels, access }: StatedHost): Observation {
  const nativeKey = foreignText(name)
  const identity: Record<string, Json> = { name: nativeKey }
  if (nativeKey.includes(".") && net.isIP(nativeKey) === 0) identity["fqdn"] = nativeKey
  const network = { addresses: foreignNames("ip", addresses) }
  return {
    kind: "target",
    nativeKey,
    facets: { identity, network, labels, ...(access === undefined ? {} : { access }) },
  }
}
