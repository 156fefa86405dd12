/**
 * A small EventStoreDB inside the test's process, on the services that the client brings along: the unmodified client talks to it over a
 * real connection. It proves our side of the conversation, and our idea of the other side; it does not prove the server.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { GossipService } from "@eventstore/db-client/generated/gossip_grpc_pb.js"
import { ServerFeaturesService } from "@eventstore/db-client/generated/serverfeatures_grpc_pb.js"
import { StreamsService } from "@eventstore/db-client/generated/streams_grpc_pb.js"
import * as grpc from "@grpc/grpc-js"
import { freePort } from "../free-port.js"
import { append } from "./append.js"
import { batchAppend } from "./batch.js"
import { type Kind, OpenCalls } from "./calls.js"
import { type Certificate, selfSigned } from "./certificate.js"
import type { Endpoint } from "./errors.js"
import { Faults } from "./faults.js"
import { supportedMethods } from "./features.js"
import { members } from "./gossip.js"
import type { Node, User } from "./node.js"
import { read } from "./read.js"
import { type ProposedEvent, Store } from "./store.js"

export interface EventStoreOptions {
  /** Another server's, to be a second node of its cluster. */
  readonly store?: Store
  /** Whether the client is told that it may append in batches; it then always does. True, as on every server since 21.10. */
  readonly batchAppend?: boolean
  /** With a certificate of its own, which `connectionString` names. */
  readonly tls?: boolean
  /** Who alone is let in. The client sends no password without TLS. */
  readonly user?: User
  /** The largest append in bytes: 1 MiB, as the server has it when nobody configures it. */
  readonly maxAppendBytes?: number
}

const loopback = "127.0.0.1"
/** What it is called with TLS, where a name is due. */
const localhost = "localhost"

/** The server has events of up to 16 MB of its own. */
const maxMessageBytes = 17 * 1024 * 1024

export async function startEventStore(options: EventStoreOptions = {}): Promise<EventStoreServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "fleet-ledger-eventstoredb-"))
  const server = new EventStoreServer(await freePort(), folder, options)
  await server.start()
  return server
}

export class EventStoreServer {
  readonly endpoint: Endpoint
  readonly store: Store
  readonly faults: Faults
  /** The certificate that a client has to know, once it is started with TLS. */
  readonly caFile: string
  readonly #options: EventStoreOptions
  readonly #folder: string
  readonly #certificate: Certificate | undefined
  readonly #calls = new OpenCalls()
  #server: grpc.Server | undefined

  constructor(port: number, folder: string, options: EventStoreOptions) {
    this.endpoint = { address: options.tls === true ? localhost : loopback, port }
    this.store = options.store ?? new Store()
    this.faults = new Faults(this.#calls)
    this.caFile = path.join(folder, "ca.pem")
    this.#options = options
    this.#folder = folder
    this.#certificate = options.tls === true ? selfSigned(localhost) : undefined
  }

  /** With the user's password and the certificate's file, as far as they are needed. */
  get connectionString(): string {
    return this.#url("esdb")
  }

  /** The same, by asking for the cluster's members first. */
  get discoverConnectionString(): string {
    return this.#url("esdb+discover")
  }

  /** How many calls of the kind are open: 0 when every client has let go of what it read. */
  open(kind: Kind): number {
    return this.#calls.of(kind).length
  }

  /** Appends as another client would that nobody has told us of. */
  append(stream: string, ...events: readonly ProposedEvent[]): void {
    this.store.append(stream, "any", events)
  }

  /** On the same port, and with what was there before it stopped. */
  async start(): Promise<void> {
    if (this.#certificate) await writeFile(this.caFile, this.#certificate.certificate)
    const node = this.#node()
    const server = new grpc.Server({ "grpc.max_receive_message_length": maxMessageBytes })
    server.addService(StreamsService, { append: append(node), batchAppend: batchAppend(node), read: read(node) })
    server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods(node) })
    server.addService(GossipService, { read: members(node) })
    await new Promise<void>((resolve, reject) => {
      const place = `${loopback}:${this.endpoint.port}`
      server.bindAsync(place, this.#credentials(), (error) => (error ? reject(error) : resolve()))
    })
    this.#server = server
  }

  /** As if its process had been killed: every connection is cut, and what is written stays. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const stopped = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
    server.forceShutdown()
    await stopped
  }

  async dispose(): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #node(): Node {
    return {
      endpoint: this.endpoint,
      store: this.store,
      calls: this.#calls,
      faults: this.faults,
      user: this.#options.user,
      maxAppendBytes: this.#options.maxAppendBytes ?? 1024 * 1024,
      batchAppend: this.#options.batchAppend ?? true,
    }
  }

  #credentials(): grpc.ServerCredentials {
    if (this.#certificate === undefined) return grpc.ServerCredentials.createInsecure()
    const pair = {
      cert_chain: Buffer.from(this.#certificate.certificate),
      private_key: Buffer.from(this.#certificate.key),
    }
    return grpc.ServerCredentials.createSsl(null, [pair])
  }

  #url(scheme: string): string {
    const { user } = this.#options
    const login = user ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@` : ""
    const tls = this.#certificate ? `tls=true&tlsCAFile=${encodeURIComponent(this.caFile)}` : "tls=false"
    return `${scheme}://${login}${this.endpoint.address}:${this.endpoint.port}?${tls}`
  }
}
