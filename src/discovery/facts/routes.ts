/** A machine's ways out: its routes with a gateway, from the kernel's tables of IPv4 and IPv6. */
import type { JsonObject } from "#kernel/json.js"
import type { Answer } from "./answer.js"
import { foreignText } from "./foreign.js"
import { ipv4FromHex, ipv6FromHex } from "./ip.js"
import { type Materials, linesOf } from "./material.js"

interface Route {
  readonly destination: string
  readonly gateway: string
  readonly interface: string
  readonly metric: number
}

/** RTF_UP and RTF_GATEWAY of <linux/route.h>. */
const upWithGateway = 0x3

function isUpWithGateway(flags: string): boolean {
  return (Number.parseInt(flags, 16) & upWithGateway) === upWithGateway
}

/** `route:default` is that of IPv4, `route:default6` that of IPv6; of several to one destination the one that is taken counts. */
export function routes({ routes: ipv4, routes6: ipv6 }: Materials): Answer {
  if ("denied" in ipv4) return { why: ipv4.denied }
  if ("denied" in ipv6) return { why: ipv6.denied }
  const taken = new Map<string, Route>()
  for (const route of [...linesOf(ipv4).map(ipv4Route), ...linesOf(ipv6).map(ipv6Default)]) {
    if (route === undefined) continue
    const rival = taken.get(route.destination)
    if (rival === undefined || byPreference(route, rival) < 0) taken.set(route.destination, route)
  }
  const items: Record<string, JsonObject> = {}
  for (const route of taken.values())
    items[`route:${route.destination}`] = { gateway: route.gateway, interface: foreignText(route.interface) }
  return { value: items }
}

function byPreference(a: Route, b: Route): number {
  return a.metric - b.metric || compare(a.interface, b.interface) || compare(a.gateway, b.gateway)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, all but the metric in hex. The heading is no line of it. */
const ipv4Line = /^(\S+)\s+([0-9A-F]{8})\s+([0-9A-F]{8})\s+([0-9A-F]{4})\s+\S+\s+\S+\s+(\d{1,10})\s+([0-9A-F]{8})\s/

function ipv4Route(line: string): Route | undefined {
  const [, name = "", destination = "", gateway = "", flags = "", metric = "", mask = ""] = ipv4Line.exec(line) ?? []
  if (!isUpWithGateway(flags)) return undefined
  const prefix = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length
  return {
    destination: prefix === 0 ? "default" : `${ipv4FromHex(destination)}/${prefix}`,
    gateway: ipv4FromHex(gateway),
    interface: name,
    metric: Number(metric),
  }
}

/** `destination prefix source prefix gateway metric refs use flags interface`, all in hex; of the default route. */
const ipv6Line = /^0{32} 00 [0-9a-f]{32} \S+ ([0-9a-f]{32}) ([0-9a-f]{8}) \S+ \S+ ([0-9a-f]{8})\s+(\S+)/

function ipv6Default(line: string): Route | undefined {
  const [, gateway = "", metric = "", flags = "", name = ""] = ipv6Line.exec(line) ?? []
  if (!isUpWithGateway(flags)) return undefined
  return {
    destination: "default6",
    gateway: ipv6FromHex(gateway),
    interface: name,
    metric: Number.parseInt(metric, 16),
  }
}
