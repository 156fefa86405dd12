/** A receiver of messages over HTTP, as bad as the test wants it. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { whenFinished } from "./when-finished.js"

export interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  /** When it had come whole, in milliseconds since the epoch. */
  readonly at: number
}

/** What it does with a request: answers with a status, says nothing, breaks off before or after it has read it, or answers slowly. */
export type Manner =
  | { readonly status: number; readonly headers?: http.OutgoingHttpHeaders; readonly afterMs?: number }
  | "hang"
  | "reset"
  | "read, then reset"

export class Receiver {
  /** All that came whole, whatever was answered. */
  readonly requests: Received[] = []
  /** Of those, what was answered that it was taken. */
  readonly taken: Received[] = []
  /** How many connections there were. */
  connections = 0
  manner: (request: Received, number: number) => Manner = () => ({ status: 204 })
  #server: http.Server | undefined
  #port = 0

  static async start(port = 0): Promise<Receiver> {
    const receiver = new Receiver()
    await receiver.listen(port)
    whenFinished(() => receiver.stop())
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`
  }

  /** Again, after it was stopped, where it was before. */
  async listen(port = this.#port): Promise<void> {
    const server = (this.#server = http.createServer((request, response) => this.#take(request, response)))
    server.on("connection", () => this.connections++)
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
    this.#port = (server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method, url, headers } = request
    const number = this.requests.length
    let body = ""
    request.setEncoding("utf8")
    const early = this.manner({ method, url, headers, body, at: Date.now() }, number)
    if (early === "reset") return void request.socket.destroy()
    request.on("data", (chunk: string) => (body += chunk))
    request.on("end", () => {
      const received = { method, url, headers, body, at: Date.now() }
      this.requests.push(received)
      const manner = this.manner(received, number)
      if (manner === "hang") return
      if (typeof manner === "string") return void request.socket.destroy()
      const answer = () => {
        if (manner.status < 300) this.taken.push(received)
        response.writeHead(manner.status, manner.headers ?? {}).end()
      }
      if (manner.afterMs === undefined) answer()
      else setTimeout(answer, manner.afterMs)
    })
  }
}
