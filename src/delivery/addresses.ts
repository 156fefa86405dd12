/**
 * Which addresses may be connected to, so that nobody who has a say in what a name stands for leads messages to where they must not go. Never: link-local ones,
 * where clouds keep credentials, and what is no single machine. Those of private networks only where they were written down, or allowed.
 */
import ipaddr from "ipaddr.js"

/** True, false, or of these networks. */
export type PrivateAllowed = boolean | readonly string[]

/** Where clouds keep credentials, outside of link-local networks. */
const metadata = new Set(["fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"])
const privateRanges = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat", "deprecatedSiteLocal"])
/** Networks for trying things out, which labs use as private ones. */
const benchmarks = "198.18.0.0/15"

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** @returns why the address may not be connected to; undefined if it may */
export function whyForbidden(text: string, allowed: PrivateAllowed): string | undefined {
  if (!ipaddr.isValid(text)) return `${text} is no address`
  const address = innermost(ipaddr.parse(text))
  if (address === undefined) return `${text} leads through a tunnel to another address`
  if (metadata.has(address.toString())) return `${text} is where a cloud keeps credentials`
  const range = isWithin(address, benchmarks) ? "private" : address.range()
  if (range === "unicast") return undefined
  if (!privateRanges.has(range)) return `${text} is a ${range} address`
  if (allowed === true || (allowed !== false && allowed.some((network) => isWithin(address, network)))) return undefined
  return `${text} is a ${range} address; "allowPrivate" of the channel allows it`
}

/** The address that is meant: that of IPv4 where it is written as one of IPv6. */
function innermost(address: Address): Address | undefined {
  if (address instanceof ipaddr.IPv4) return address
  const { parts } = address
  const range = address.range()
  if (range === "ipv4Mapped" || range === "rfc6145") return ofBytes(parts[6], parts[7])
  // The rest of 64:ff9b:1::/48 may hold it anywhere.
  if (range === "rfc6052") return parts[2] === 0 ? ofBytes(parts[6], parts[7]) : undefined
  if (range === "6to4") return ofBytes(parts[1], parts[2])
  if (range === "teredo") return undefined
  const isCompatible = parts.slice(0, 6).every((part) => part === 0) && (parts[6] ?? 0) > 0
  return isCompatible ? ofBytes(parts[6], parts[7]) : address
}

function ofBytes(high = 0, low = 0): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}

function isWithin(address: Address, network: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(network)
  return address.kind() === base.kind() && address.match([base, bits] as never)
}
