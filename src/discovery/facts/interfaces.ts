/**
 * A machine's network interfaces with their addresses. Those that a container or a virtual machine brings and takes with it (veth, tap,
 * Proxmox's firewall bridges) are left out: they are the guest's, and come and go with it. So are the bridges that Docker makes for its networks: their
 * name is the network's id, another one each time that a stack is taken down and up.
 */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Answer, answer } from "./answer.js"
import { foreignCount, foreignText } from "./foreign.js"
import { ipv6FromHex } from "./ip.js"
import { type Materials, linesOf } from "./material.js"

export function isGuestInterface(name: string): boolean {
  return /^(?:veth|tap|fwbr|fwpr|fwln|ifb)/.test(name) || /^br-[0-9a-f]{12}$/.test(name)
}

/** Has a link while some guest is on it and another hardware address after each boot: neither is the machine's. */
function isBridgeForGuests(name: string): boolean {
  return /^(?:docker|podman|cni|virbr|lxcbr|lxdbr|incusbr)/.test(name)
}

/** `notLooked` is told which fields are missing from some interface, and why. */
export function interfaces(materials: Materials, notLooked: Map<string, string>): Answer {
  const known = addressesByInterface(materials)
  return answer(materials.interfaces, (text) => {
    const items: Record<string, JsonObject> = {}
    for (const line of text.split("\n")) {
      const [name = "", mac, mtu, operstate, received, sent] = line.split(" ")
      if (name === "" || isGuestInterface(name)) continue
      const item: Record<string, Json> = {}
      const put = (field: string, word: string | undefined, understand: (word: string) => Json) => {
        if (word === "?") notLooked.set(field, "could not be read")
        else item[field] = word === undefined || word === "-" ? null : understand(word)
      }
      const isForGuests = isBridgeForGuests(name)
      put("mac", isForGuests ? "-" : mac, macOf)
      put("mtu", mtu, foreignCount)
      put("link", isForGuests ? "-" : operstate, linkOf)
      put("rxBytes", received, foreignCount)
      put("txBytes", sent, foreignCount)
      const why = whyAddressesAreUnseen(operstate, materials)
      if (why === undefined) item["addresses"] = Object.fromEntries((known.get(name) ?? []).map((key) => [key, {}]))
      else notLooked.set("addresses", why)
      items[`if:${foreignText(name)}`] = item
    }
    return items
  })
}

/** All zeros is how an interface without hardware (`lo`) says that it has none. */
function macOf(word: string): string | null {
  return /^[0:]*$/.test(word) ? null : foreignText(word.toLowerCase())
}

/** The kernel's operational state (RFC 2863); `lo` and tunnels say "unknown". */
function linkOf(operstate: string): string {
  if (operstate === "up") return "up"
  return /^(?:down|lowerlayerdown|notpresent|dormant)$/.test(operstate) ? "down" : "unknown"
}

function whyAddressesAreUnseen(operstate: string | undefined, materials: Materials): string | undefined {
  const { addresses, addresses6 } = materials
  if (!("text" in addresses)) return "denied" in addresses ? addresses.denied : "no list of addresses"
  if ("denied" in addresses6) return addresses6.denied
  return operstate === "up" || operstate === "unknown" ? undefined : addresses.partial
}

/** if_inet6's flag of an address that privacy extensions (RFC 8981) made up and will replace within a day. */
const temporary = 0x01

/** `address index prefix scope flags interface`, numbers in hex. */
const ipv6Line = /^([0-9a-f]{32}) [0-9a-f]+ ([0-9a-f]{2}) [0-9a-f]+ ([0-9a-f]+)\s+(\S+)\s*$/

function addressesByInterface({ addresses, addresses6 }: Materials): Map<string, string[]> {
  const known = new Map<string, string[]>()
  const add = (name: string, address: string) => {
    const list = known.get(name)
    if (list === undefined) known.set(name, [`ip:${address}`])
    else list.push(`ip:${address}`)
  }
  for (const line of linesOf(addresses)) {
    const [name = "", address] = line.split(" ")
    if (address !== undefined) add(name, foreignText(address))
  }
  for (const line of linesOf(addresses6)) {
    const [, hex = "", prefix = "", flags = "", name] = ipv6Line.exec(line) ?? []
    if (name !== undefined && (Number.parseInt(flags, 16) & temporary) === 0)
      add(name, `${ipv6FromHex(hex)}/${Number.parseInt(prefix, 16)}`)
  }
  return known
}
