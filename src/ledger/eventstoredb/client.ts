/** The client, made of what is configured, without those of its ways that may end the process. */
import * as fs from "node:fs"
import { EventStoreDBClient } from "@eventstore/db-client"
import { FleetError } from "#kernel/errors.js"
import type { Address, Host } from "./address.js"

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * Reconnecting is ours: the client's own closes a connection under calls that are still to be made, which then throw where no one catches it. And appends go
 * event by event, not in batches: of those it keeps one account for all clients of a process, and an answer that is not in there any more is thrown, too.
 */
export class Client extends EventStoreDBClient {
  readonly #calls = new Set<Promise<unknown>>()
  #channel: Promise<{ close(): void }> | undefined
  #isLeft = false

  /** To be called once, before anything else. */
  supervised(): this {
    const { execute, getChannel } = this
    this.handleError = async () => {}
    // What it asks for is whether the server takes batches.
    this.supports = async () => false
    this.getChannel = () => {
      const channel = getChannel()
      this.#channel = channel
      return channel
    }
    this.execute = (service, name, action) =>
      execute(service, name, async (client) => {
        if (this.#isLeft) throw new Error("the connection was left")
        const call = action(client)
        this.#calls.add(call)
        try {
          return await call
        } finally {
          this.#calls.delete(call)
        }
      })
    return this
  }

  /** Ends what is open, waits for calls that cannot be ended but by their time limits, and lets go of the connection, which `dispose` would keep. */
  async close(): Promise<void> {
    this.#isLeft = true
    // Calls that are cancelled while Node 20 reads the server's goodbye, which is where one often hears of it, send it into a loop that ends with the process.
    await new Promise((resolve) => setImmediate(resolve))
    await this.dispose()
    await Promise.allSettled(this.#calls)
    await this.dispose()
    const channel = await this.#channel
    channel?.close()
  }
}

/**
 * @returns what makes clients: of a host, or of whoever leads the cluster
 * @throws FleetError `InvalidConfig`
 */
export function clientFactory(
  address: Address,
  credentials: Credentials | undefined,
  callMs: number,
): (at?: Host) => Client {
  const { hosts, tls, caFile, keepAliveInterval, keepAliveTimeout } = address
  if (!tls && credentials !== undefined) {
    throw new FleetError(
      "InvalidConfig",
      "EventStoreDB is sent no password without TLS; take tls=false out of its address, or the user out of the configuration",
    )
  }
  const rootCertificate = caFile === undefined ? undefined : certificateIn(caFile)
  const [host, ...others] = hosts
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
  const make = (at: Host | undefined): Client => {
    if (at !== undefined) return new Client({ endpoint: at, ...shared }, security, credentials)
    if (address.discover) return new Client({ discover: host, ...discovery, ...shared }, security, credentials)
    return others.length === 0
      ? new Client({ endpoint: host, ...shared }, security, credentials)
      : new Client({ endpoints: [...hosts], ...discovery, ...shared }, security, credentials)
  }
  return (at) => make(at).supervised()
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
