/** Where a check is run: the address of what it says something of, from what is known of it. What is known was written by others, so only what can stand in an address does. */
import * as net from "node:net"
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"

/** What placeholders stand for; missing where it is not known. */
export interface Known {
  readonly address?: string
  readonly port?: string
  /** Of the entity, and of the machine that it is or is on. */
  readonly name?: string
  readonly host?: string
}

type Machine = Pick<TargetDocument, "access" | "network" | "identity">

/** @param service if it is one, on that machine */
export function knownOf(machine: Machine, service?: Pick<ServiceDocument, "config" | "identity">): Known {
  const host = nameIn(machine.identity?.name)
  const name = service === undefined ? host : nameIn(service.identity?.name)
  const listens = service && listensAt(Object.keys(service.config?.ports ?? {}))
  const address = listens?.address ?? addressOf(machine)
  return {
    ...(address !== undefined && { address }),
    ...(listens && { port: String(listens.port) }),
    ...(name !== undefined && { name }),
    ...(host !== undefined && { host }),
  }
}

/** @returns the place, or the placeholder that nothing is known for */
export function filled(template: string, known: Known): { readonly place: string } | { readonly missing: string } {
  let missing: string | undefined
  const place = template.replaceAll(/\{(address|port|name|host)\}/g, (_, word: keyof Known) => {
    const value = known[word]
    missing ??= value === undefined ? word : undefined
    return value !== undefined && net.isIPv6(value) ? `[${value}]` : (value ?? "")
  })
  return missing === undefined ? { place } : { missing }
}

/** Where it is looked at, else on the way to everybody, else any that others can reach it by. */
function addressOf({ access, network }: Machine): string | undefined {
  const looked = access?.address?.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")
  if (looked !== undefined && (net.isIP(looked) !== 0 || nameIn(looked) !== undefined)) return looked
  const interfaces = network?.interfaces ?? {}
  const way = network?.routes?.["route:default"]?.interface
  const addressesAt = (key: string) => Object.keys(interfaces[key]?.addresses ?? {})
  const others = Object.keys(interfaces).filter((key) => !/^if:(?:docker|br-|veth|virbr|cni|lo$)/.test(key))
  const told = [
    ...(way === undefined || way === null ? [] : addressesAt(`if:${way}`)),
    ...others.toSorted().flatMap(addressesAt),
    ...Object.keys(network?.addresses ?? {}),
  ]
  return told.map(bare).find(isReachable)
}

/** `tcp:443`, or `tcp:198.18.0.2:443`: that with the lowest number that is not for the machine alone. */
function listensAt(keys: readonly string[]): { readonly port: number; readonly address?: string } | undefined {
  const places = keys.flatMap((key) => {
    const [, given = "", number] = /^tcp:(?:(.*):)?(\d{1,5})$/.exec(key) ?? []
    if (number === undefined) return []
    const address = given.replace(/^\[(.*)\]$/, "$1")
    const isEverywhere = address === "" || address === "*" || address === "0.0.0.0" || address === "::"
    if (isEverywhere) return { port: Number(number) }
    return isReachable(address) ? { port: Number(number), address } : []
  })
  return places.toSorted((a, b) => a.port - b.port)[0]
}

function bare(key: string): string {
  return key.slice(key.indexOf(":") + 1).replace(/\/\d+$/, "")
}

function isReachable(address: string): boolean {
  return net.isIP(address) !== 0 && !/^(?:127\.|::1$|fe80:|169\.254\.)/i.test(address)
}

function nameIn(text: string | null | undefined): string | undefined {
  return typeof text === "string" && /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})$/.test(text) ? text : undefined
}
