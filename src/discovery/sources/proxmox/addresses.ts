/** The addresses of a guest by the hardware addresses of its interfaces, as it says itself. */
import * as net from "node:net"

export type AddressesByMac = ReadonlyMap<string, readonly string[]>

interface Stated {
  readonly mac: string | null | undefined
  readonly addresses: readonly { readonly address: string; readonly prefix: number | null | undefined }[]
}

export function addressesByMac(interfaces: readonly Stated[]): AddressesByMac {
  const found = new Map<string, string[]>()
  for (const { mac, addresses } of interfaces) {
    if (mac === undefined || mac === null) continue
    const key = mac.toLowerCase()
    const kept = addresses.filter(({ address }) => isLasting(address))
    const texts = kept.map(({ address, prefix }) => (typeof prefix === "number" ? `${address}/${prefix}` : address))
    found.set(key, [...(found.get(key) ?? []), ...texts])
  }
  return found
}

/**
 * Whether it is an address that stays. Nobody says which of IPv6 privacy extensions (RFC 8981) made up for a day: their last 64 bits are random, those
 * that a person chose begin with zeros, and those made of the hardware address have ff:fe in their middle.
 */
function isLasting(address: string): boolean {
  if (net.isIPv4(address)) return true
  if (!net.isIPv6(address) || address.includes("%")) return false
  const groups = groupsOf(address)
  const [high = 0, low = 0, next = 0] = [groups[4], groups[5], groups[6]]
  return (high === 0 && low === 0) || ((low & 0xff) === 0xff && next >> 8 === 0xfe)
}

function groupsOf(address: string): number[] {
  // As the URL Standard writes it, in hex throughout.
  const [before = "", after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const numbers = (side: string) => (side === "" ? [] : side.split(":").map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [numbers(before), numbers(after ?? "")]
  return after === undefined ? head : [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}
