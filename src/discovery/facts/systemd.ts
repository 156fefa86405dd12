/**
 * The services of a machine that systemd runs. What changes by itself (pids, counts of restarts, times) is not asked for, and command
 * lines are not kept: they may hold secrets.
 */
import type { Json } from "#kernel/json.js"
import type { Observation } from "../observation.js"
import type { ServiceFacts } from "./answer.js"
import { boundSockets } from "./bound-sockets.js"
import { foreignLine, foreignText } from "./foreign.js"
import type { Materials } from "./material.js"
import { ownersOf } from "./owners.js"

/** What to ask `systemctl show` for. */
export const systemdProperties =
  "Id,Description,LoadState,ActiveState,UnitFileState,Type,User,BusName,TriggeredBy,WantedBy,RequiredBy,ExecStart"

type Unit = ReadonlyMap<string, string>

export function systemdServices(units: string, materials: Materials, on: string): ServiceFacts {
  const ports = portsByUnit(materials)
  const observations = unitsOf(units)
    .filter(isService)
    .map((unit) => observationOf(unit, ports, on))
  const notLooked: Record<string, string> = "why" in ports ? { "/service/config/ports": ports.why } : {}
  return { observations, notLooked, complete: true }
}

/**
 * Units that are there for one person or one command: the manager of somebody who is logged in, what `systemd-run` was told to do, and the instance that
 * a socket has for each connection.
 */
const passing = /^(?:user@\d+|run-(?:[ur][0-9a-f]+|p\d+-i\d+)|.*@\d+-.*:\d+-.*:\d+)\.service$/

/** Loaded, not a template, and not something that runs when it is needed and is done; when that has failed, it is worth seeing. */
function isService(unit: Unit): boolean {
  const id = unit.get("Id") ?? ""
  if (!id.endsWith(".service") || id.endsWith("@.service") || unit.get("LoadState") !== "loaded") return false
  if (passing.test(id)) return false
  return !(unit.get("Type") === "oneshot" || isOnDemand(unit)) || unit.get("ActiveState") === "failed"
}

/**
 * Started by a timer (anacron), or by whoever calls it on the bus where nothing else wants it (packagekit, systemd-timedated), and gone by itself when it is
 * done: that it runs now says nothing of the machine.
 */
function isOnDemand(unit: Unit): boolean {
  if (/\.timer(?: |$)/.test(unit.get("TriggeredBy") ?? "")) return true
  return Boolean(unit.get("BusName")) && !unit.get("WantedBy") && !unit.get("RequiredBy")
}

function observationOf(unit: Unit, ports: Ports, on: string): Observation {
  const id = foreignText(unit.get("Id") ?? "")
  const config: Record<string, Json> = {
    description: foreignLine(unit.get("Description") ?? ""),
    executable: executableOf(unit.get("ExecStart") ?? ""),
    // systemd.exec(5): without User=, a service of the system is root's.
    user: foreignLine(unit.get("User") ?? "") ?? "root",
    enabled: foreignLine(unit.get("UnitFileState") ?? ""),
  }
  if (!("why" in ports)) config["ports"] = Object.fromEntries((ports.byUnit.get(id) ?? []).map((key) => [key, {}]))
  const identity = { name: id.slice(0, -".service".length), runtime: "systemd" }
  const status = statusOf(unit.get("ActiveState") ?? "")
  return { kind: "service", nativeKey: `systemd:${id}`, on, facets: { identity, config, state: { status } } }
}

function statusOf(activeState: string): string {
  switch (activeState) {
    case "active":
    case "reloading":
    case "refreshing":
      return "running"
    case "inactive":
      return "stopped"
    case "failed":
      return "failed"
    default:
      return "unknown"
  }
}

/** `{ path=/usr/sbin/nginx ; argv[]=… ; … }` */
function executableOf(execStart: string): string | null {
  return foreignLine(/^\{ path=(.*?) ; argv\[\]=/s.exec(execStart)?.[1] ?? "")
}

/**
 * Blocks of `Key=value` with a blank line between them. An argument of ExecStart is printed as it is, with blank lines and whatever
 * looks like another key inside, so its value goes on until the words that end it.
 */
function unitsOf(text: string): Unit[] {
  const units: Map<string, string>[] = []
  let unit = new Map<string, string>()
  let inCommand = false
  for (const line of text.split("\n")) {
    if (inCommand) inCommand = !endsCommand(line)
    else if (line === "") {
      if (unit.size > 0) units.push(unit)
      unit = new Map()
    } else {
      const at = line.indexOf("=")
      unit.set(line.slice(0, at), line.slice(at + 1))
      inCommand = line.startsWith("ExecStart={") && !endsCommand(line)
    }
  }
  if (unit.size > 0) units.push(unit)
  return units
}

function endsCommand(line: string): boolean {
  return / ; status=\d+(?:\/\S*)? \}$/.test(line)
}

type Ports = { readonly byUnit: ReadonlyMap<string, readonly string[]> } | { readonly why: string }

/** Where each unit's processes listen. A socket that systemd itself holds for a unit to come is of no unit yet. */
function portsByUnit(materials: Materials): Ports {
  const sockets = boundSockets(materials)
  if ("why" in sockets) return sockets
  const owners = ownersOf(materials["socket-owners"])
  const byUnit = new Map<string, string[]>()
  for (const socket of sockets) {
    const owner = owners.of(socket)
    if (owner !== null && "why" in owner) return owner
    // What Docker forwards is the container's, and would change with each that comes or goes.
    if (owner?.unit === undefined || owner.name === "docker-proxy") continue
    const ports = byUnit.get(owner.unit)
    if (ports === undefined) byUnit.set(owner.unit, [socket.key])
    else ports.push(socket.key)
  }
  return { byUnit }
}
