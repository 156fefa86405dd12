/** The client, made of what is configured. One to a process at a time: what it keeps of appends under way is shared by all clients of a process. */
import * as fs from "node:fs"
import { EventStoreDBClient } from "@eventstore/db-client"
import { FleetError } from "#kernel/errors.js"
import type { Address } from "./address.js"

export interface Credentials {
  readonly username: string
  readonly password: string
}

export class Client extends EventStoreDBClient {
  /** Ends every call, and lets go of the connection, which `dispose` alone would keep. */
  async close(): Promise<void> {
    await this.dispose()
    const channel = await this.getChannel()
    channel.close()
  }
}

/**
 * @returns what makes clients
 * @throws FleetError `InvalidConfig`
 */
export function clientFactory(
  address: Address,
  credentials: Credentials | undefined,
  callMs: number,
): (discover: boolean) => Client {
  const { hosts, tls, caFile, keepAliveInterval, keepAliveTimeout } = address
  if (!tls && credentials !== undefined) {
    throw new FleetError(
      "InvalidConfig",
      "EventStoreDB is sent no password without TLS; take tls=false out of its address, or the user out of the configuration",
    )
  }
  const rootCertificate = caFile === undefined ? undefined : certificateIn(caFile)
  const [host] = hosts
  if (host === undefined) throw new FleetError("InvalidConfig", "the address of EventStoreDB names no host")
  const shared = {
    defaultDeadline: callMs,
    connectionName: "fleet-ledger",
    ...(keepAliveInterval === undefined ? {} : { keepAliveInterval }),
    ...(keepAliveTimeout === undefined ? {} : { keepAliveTimeout }),
  }
  // Once is enough: whoever calls tries again.
  const discovery = { maxDiscoverAttempts: 1, gossipTimeout: Math.max(1, Math.round(callMs / 2_000)) }
  const security = { insecure: !tls, ...(rootCertificate === undefined ? {} : { rootCertificate }) }
  return (discover) => {
    if (!discover) return new Client({ endpoint: host, ...shared }, security, credentials)
    return address.discover
      ? new Client({ discover: host, ...discovery, ...shared }, security, credentials)
      : new Client({ endpoints: [...hosts], ...discovery, ...shared }, security, credentials)
  }
}

function certificateIn(file: string): Buffer {
  let text: Buffer
  try {
    text = fs.readFileSync(file)
  } catch (cause) {
    throw new FleetError("InvalidConfig", `the authority's certificate ${file} cannot be read`, { cause })
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text
  throw new FleetError("InvalidConfig", `${file} holds no certificate (PEM)`)
}
