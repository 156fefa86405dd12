/** Who is told of alerts: takes every message, or refuses all while it is said to. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"

export interface SoakReceiver {
  readonly url: string
  /** Messages that it took, and of those the ones that it had taken before. */
  taken(): number
  twice(): number
  stop(): void
}

export async function startReceiver(refuses: () => boolean): Promise<SoakReceiver> {
  const ids: string[] = []
  const server = http.createServer((request, response) => {
    request.resume()
    request.once("end", () => {
      if (!refuses()) ids.push(String(request.headers["webhook-id"]))
      response.writeHead(refuses() ? 503 : 204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken: () => ids.length,
    twice: () => ids.length - new Set(ids).size,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
