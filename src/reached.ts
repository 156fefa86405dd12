/** Where a server listens, and how it is reached there: on loopback, by TLS, or through proxies that speak it. */
import * as fs from "node:fs"
import * as net from "node:net"
import { createSecureContext } from "node:tls"
import { type Reached, onLoopback } from "#api/access.js"
import type { Tls } from "#api/app.js"
import type { LoadedConfig } from "#config/load.js"
import { FleetError, messageOf } from "#kernel/errors.js"

/** @throws FleetError `InvalidConfig` for a port that is none, and for an address beyond loopback that nobody speaks TLS on */
export function addressOf({ listen, tls, proxies }: LoadedConfig): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":")
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, "$1")
  const port = Number(listen.slice(colon + 1))
  if (port < 1 || port > 65_535)
    throw new FleetError("InvalidConfig", `listen is ${listen}; a port is a number from 1 to 65535`)
  const isLoopback = host === "localhost" || host === "::1" || (net.isIPv4(host) && host.startsWith("127."))
  if (!isLoopback && tls === undefined && proxies === undefined) {
    throw new FleetError(
      "InvalidConfig",
      `listen is ${listen}; other addresses than loopback need "tls", or "proxies" that speak it`,
    )
  }
  return { host, port }
}

/** @param port that is listened on */
export function reachedAt({ listen, url, proxies }: LoadedConfig, port: number): Reached {
  const { hosts } = onLoopback(port)
  const { host, protocol } = new URL(url)
  const scheme = protocol === "https:" ? "https" : "http"
  const names = new Set([...hosts, listen.toLowerCase(), host])
  return { hosts: names, scheme, ...(proxies && { proxies: listOf(proxies) }) }
}

function listOf(networks: readonly string[]): net.BlockList {
  const list = new net.BlockList()
  for (const network of networks) {
    const [address = "", prefix] = network.split("/")
    const family = net.isIPv6(address) ? "ipv6" : "ipv4"
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** @throws FleetError `InvalidConfig` */
export function readTls({ certificate, key }: NonNullable<LoadedConfig["tls"]>): Tls {
  const read = (file: string) => {
    try {
      return fs.readFileSync(file)
    } catch (cause) {
      throw new FleetError("InvalidConfig", `${file}, for TLS, cannot be read: ${messageOf(cause)}`, { cause })
    }
  }
  const tls = { cert: read(certificate), key: read(key) }
  try {
    createSecureContext(tls)
  } catch (cause) {
    throw new FleetError(
      "InvalidConfig",
      `${certificate} and ${key} are no certificate with its key: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
  return tls
}
