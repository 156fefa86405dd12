/** What a fleet is made of, and what lets somebody ask, is told to nobody on the way. */
import * as net from "node:net"

/** @returns whether what is sent to this address is encrypted, or does not leave the machine */
export function isConfidential(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isLoopback = net.isIPv4(hostname) ? hostname.startsWith("127.") : ["localhost", "[::1]"].includes(hostname)
  return protocol === "https:" || isLoopback
}
