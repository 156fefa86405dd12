/** From a receiver's name to the addresses that are connected to: found once for each connection, checked, and those and no others are used. */
import * as dns from "node:dns"
import * as net from "node:net"
import { type PrivateAllowed, whyForbidden } from "./addresses.js"

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>

export const systemResolve: Resolve = async (name) =>
  (await dns.promises.lookup(name, { all: true, verbatim: true })).map(({ address }) => address)

export interface Pinned {
  readonly address: string
  readonly family: 4 | 6
}

export type Addresses = readonly [Pinned, ...Pinned[]]

/** What a socket is given instead of a resolver: it connects to these, and to nothing else. */
export function lookupOf(addresses: Addresses): net.LookupFunction {
  return (_name, options, found) => {
    const [{ address, family }] = addresses
    if (options.all === true) found(null, [...addresses])
    else found(null, address, family)
  }
}

/** @param host a name or an address, as in a URL. @throws Error with a sentence, if there is none or one of them is forbidden */
export async function pin(host: string, allowed: PrivateAllowed, resolve: Resolve): Promise<Addresses> {
  const bare = host.replace(/^\[(.*)\]$/, "$1")
  const isLiteral = net.isIP(bare) !== 0
  // Whoever writes down an address means that one: no name's owner has a say in it.
  const reach = isLiteral ? true : allowed
  const addresses = isLiteral ? [bare] : await resolve(bare)
  const why = addresses.map((address) => whyForbidden(address, reach)).find((sentence) => sentence !== undefined)
  if (why !== undefined) throw new Error(isLiteral ? why : `${bare} is not connected to: ${why}`)
  const [first, ...others] = addresses.map((address): Pinned => ({ address, family: net.isIPv6(address) ? 6 : 4 }))
  if (first === undefined) throw new Error(`${bare} has no address`)
  return [first, ...others]
}

/** As `pin`, but no longer than until the signal aborts. */
export function pinUntil(
  signal: AbortSignal,
  host: string,
  allowed: PrivateAllowed,
  resolve: Resolve,
): Promise<Addresses> {
  return Promise.race([pin(host, allowed, resolve), ended(signal)])
}

/** Rejects when the signal aborts. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(new Error("aborted"))
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true })
  })
}
