/**
 * Connections to an engine, whatever they go through, for Node's HTTP client: a socket of the machine's, TCP with TLS or on loopback, or a
 * stream through ssh.
 */
import * as http from "node:http"
import * as net from "node:net"
import type { Duplex } from "node:stream"
import * as tls from "node:tls"
import * as util from "node:util"
import type { Endpoint } from "./endpoint.js"

/** Opens streams to the engine at an address like `ssh://user@host`. */
export type OverSsh = (address: string) => { connect(): Promise<Duplex> }

type Connected = (error: Error | null, stream: Duplex) => void

/** An engine answers most questions in a few milliseconds, and others want answers too. */
const atOnce = 8
const largest = 64 * 2 ** 20

export function agentFor(endpoint: Endpoint, overSsh: OverSsh): http.Agent {
  return new EngineAgent(connector(endpoint, overSsh), endpoint.kind !== "ssh")
}

class EngineAgent extends http.Agent {
  readonly #connect: () => Promise<Duplex>

  /** A stream through ssh lacks what Node wants of a socket that it keeps. */
  constructor(connect: () => Promise<Duplex>, keepAlive: boolean) {
    super({ keepAlive, maxSockets: atOnce })
    this.#connect = connect
  }

  /** docker-modem writes out all that it is given, in full depth, for a debug log that nobody reads: 20 ms for each call. */
  [util.inspect.custom](): string {
    return "EngineAgent"
  }

  override createConnection(_options: unknown, connected?: Connected): undefined {
    this.#connect().then(
      (stream) => connected?.(null, stream),
      (error: Error) => connected?.(error, undefined as unknown as Duplex),
    )
  }

  /**
   * Not in the types: Node hands it each request. docker-modem does not listen for errors of an answer, so that a call would never
   * return whose engine dies while it speaks; and it keeps all that is answered, however much that is. Events are never all.
   */
  addRequest(request: http.ClientRequest, ...others: unknown[]): void {
    request.once("response", (answer) => {
      answer.once("error", (error) => request.emit("error", error))
      if (/\/events\?/.test(request.path)) return
      let size = 0
      answer.on("data", (chunk: string | Buffer) => {
        size += chunk.length
        if (size > largest) answer.destroy(new Error("the answer is longer than 64 MiB"))
      })
    })
    const agent = http.Agent.prototype as unknown as { addRequest(...given: unknown[]): void }
    agent.addRequest.call(this, request, ...others)
  }
}

function connector(endpoint: Endpoint, overSsh: OverSsh): () => Promise<Duplex> {
  switch (endpoint.kind) {
    case "unix":
      return () => opened(net.connect({ path: endpoint.path }), "connect")
    case "ssh": {
      const transport = overSsh(endpoint.address)
      return () => transport.connect()
    }
    case "tcp": {
      const { host, port, tls: material } = endpoint
      // Whoever listens for events hears nothing for days, also when the other side has gone.
      const options = { host, port, keepAlive: true, keepAliveInitialDelay: 30_000 }
      if (material === undefined) return () => opened(net.connect(options), "connect")
      const servername = net.isIP(host) === 0 ? { servername: host } : {}
      return () => opened(tls.connect({ ...options, ...material, ...servername }), "secureConnect")
    }
  }
}

function opened(socket: net.Socket, event: "connect" | "secureConnect"): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject)
    socket.once(event, () => {
      socket.off("error", reject)
      resolve(socket)
    })
  })
}
