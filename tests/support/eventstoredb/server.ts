/**
 * A small EventStoreDB inside the test's process, on the services that the client brings along: the unmodified client talks to it over a
 * real connection. It proves our side of the conversation, and our idea of the other side; it does not prove the server.
 */
import { ServerFeaturesService } from "@eventstore/db-client/generated/serverfeatures_grpc_pb.js"
import { StreamsService } from "@eventstore/db-client/generated/streams_grpc_pb.js"
import * as grpc from "@grpc/grpc-js"
import { freePort } from "../free-port.js"
import { append } from "./append.js"
import { type Kind, OpenCalls } from "./calls.js"
import { Faults } from "./faults.js"
import { supportedMethods } from "./features.js"
import type { Node } from "./node.js"
import { read } from "./read.js"
import { Store } from "./store.js"

export interface EventStoreOptions {
  /** Another server's, to be a second node of its cluster. */
  readonly store?: Store
  /** 1 MiB, as the server is configured when nobody configures it. */
  readonly maxAppendBytes?: number
}

const host = "127.0.0.1"

/** The server takes events of up to 16 MB from its own projections. */
const maxMessageBytes = 17 * 1024 * 1024

export async function startEventStore(options: EventStoreOptions = {}): Promise<EventStoreServer> {
  const server = new EventStoreServer(await freePort(), options)
  await server.start()
  return server
}

export class EventStoreServer {
  readonly port: number
  readonly store: Store
  readonly faults: Faults
  readonly #calls = new OpenCalls()
  readonly #node: Node
  #server: grpc.Server | undefined

  constructor(port: number, options: EventStoreOptions) {
    this.port = port
    this.store = options.store ?? new Store()
    this.faults = new Faults(this.#calls)
    this.#node = {
      endpoint: { address: host, port },
      store: this.store,
      calls: this.#calls,
      faults: this.faults,
      user: undefined,
      maxAppendBytes: options.maxAppendBytes ?? 1024 * 1024,
      batchAppend: false,
    }
  }

  get connectionString(): string {
    return `esdb://${host}:${this.port}?tls=false`
  }

  /** How many calls of the kind are open: 0 when every client has let go of what it read. */
  open(kind: Kind): number {
    return this.#calls.of(kind).length
  }

  /** On the same port, and with what was there before it stopped. */
  async start(): Promise<void> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": maxMessageBytes })
    server.addService(StreamsService, { append: append(this.#node), read: read(this.#node) })
    server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods(this.#node) })
    await new Promise<void>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure()
      server.bindAsync(`${host}:${this.port}`, credentials, (error) => (error ? reject(error) : resolve()))
    })
    this.#server = server
  }

  /** As if its process had been killed: every connection is cut. */
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
  }
}
