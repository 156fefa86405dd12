/** Addresses as the kernel prints them in /proc/net, made into the text a person would write (RFC 5952 for IPv6). */

/** A 32-bit word of the network's order, printed as a number of a little-endian machine: `0100007F` is 127.0.0.1. */
export function ipv4FromHex(word: string): string {
  return `${byte(word, 6)}.${byte(word, 4)}.${byte(word, 2)}.${byte(word, 0)}`
}

/** 16 bytes in the network's order, as in if_inet6 and ipv6_route. */
export function ipv6FromHex(hex: string): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number.parseInt(hex.slice(index * 4, index * 4 + 4), 16))
  return ipv6Text(groups)
}

/** Four little-endian 32-bit words, as in tcp6 and udp6. An address of IPv4 in disguise (::ffff:0:0/96) is one of IPv4. */
export function ipFromWords(hex: string): string {
  if (hex.toUpperCase().startsWith("0000000000000000FFFF0000")) return ipv4FromHex(hex.slice(24))
  const groups: number[] = []
  for (let word = 0; word < 32; word += 8) {
    groups.push((byte(hex, word + 6) << 8) | byte(hex, word + 4), (byte(hex, word + 2) << 8) | byte(hex, word))
  }
  return ipv6Text(groups)
}

function byte(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 2), 16)
}

/** RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function ipv6Text(groups: readonly number[]): string {
  let start = -1
  let length = 1
  for (let from = 0; from < groups.length; from++) {
    let to = from
    while (groups[to] === 0) to++
    if (to - from > length) [start, length] = [from, to - from]
  }
  return start === -1
    ? groupsText(groups)
    : `${groupsText(groups.slice(0, start))}::${groupsText(groups.slice(start + length))}`
}

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":")
}
