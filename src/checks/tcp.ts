/** Connecting once, as a check does; with TLS, until both sides know each other. */
import * as net from "node:net"
import * as tls from "node:tls"
import type { TcpCheck } from "#config/checks.js"
import { connectionOptions, validUntil } from "./tls.js"

/** @returns what certificate was shown @throws the errors of the connection; the reason of the signal when it aborts */
export async function connectTcp(
  address: string,
  { tls: secure }: Pick<TcpCheck, "tls">,
  signal: AbortSignal,
): Promise<{ readonly validUntil: number | undefined }> {
  const colon = address.lastIndexOf(":")
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1")
  const port = Number(address.slice(colon + 1))
  const how = secure && (await connectionOptions(secure))
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = how === undefined ? net.connect({ host, port }) : tls.connect({ host, port, ...named(host), ...how })
    const abort = () => end(() => reject(signal.reason))
    const end = (outcome: () => void) => {
      signal.removeEventListener("abort", abort)
      outcome()
      socket.destroy()
    }
    signal.addEventListener("abort", abort, { once: true })
    socket.on("error", (error) => end(() => reject(error)))
    socket.once(how === undefined ? "connect" : "secureConnect", () =>
      end(() => resolve({ validUntil: socket instanceof tls.TLSSocket ? validUntil(socket) : undefined })),
    )
  })
}

/** An address is no name that a server could be asked by. */
function named(host: string): { readonly servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {}
}
