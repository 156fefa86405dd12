/**
 * TLS to a node. Nothing is sent before it is known who answers: by an authority, or by the fingerprint of its certificate where there is none that signs
 * for it, as a new cluster has it.
 */
import * as https from "node:https"
import * as net from "node:net"
import type { Duplex } from "node:stream"
import * as tls from "node:tls"

export interface Trust {
  /** PEM of the authorities that are trusted instead of the system's. */
  readonly ca?: string
  /** SHA-256 of certificates, in hex, with or without colons: each node of a cluster has its own. */
  readonly fingerprints?: readonly string[]
}

const patienceMs = 10_000

/** Connections are kept for the next question. */
export class PinnedAgent extends https.Agent {
  readonly #context: tls.SecureContext
  readonly #fingerprints: readonly string[] | undefined
  /** Of which it is not known yet who answers: the agent's own list begins after that. */
  readonly #opening = new Set<tls.TLSSocket>()

  constructor({ ca, fingerprints }: Trust) {
    super({ keepAlive: true, maxCachedSessions: 0 })
    this.#context = tls.createSecureContext(ca === undefined ? {} : { ca })
    this.#fingerprints = fingerprints
  }

  override createConnection(
    { host, port }: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const fingerprints = this.#fingerprints
    const socket = tls.connect({
      host: host ?? "",
      port: Number(port),
      ...(net.isIP(host ?? "") === 0 ? { servername: host ?? "" } : {}),
      secureContext: this.#context,
      rejectUnauthorized: fingerprints === undefined,
    })
    this.#opening.add(socket)
    const timer = setTimeout(() => socket.destroy(new Error("nobody answers")), patienceMs)
    const settle = (error: Error | null) => {
      if (!this.#opening.delete(socket)) return
      clearTimeout(timer)
      if (error !== null) socket.destroy()
      callback?.(error, socket)
    }
    socket.once("secureConnect", () => settle(fingerprints === undefined ? null : mismatch(socket, fingerprints)))
    socket.on("error", settle)
    socket.once("close", () => settle(new Error("the connection was closed")))
  }

  override destroy(): void {
    for (const socket of this.#opening) socket.destroy()
    super.destroy()
  }
}

function mismatch(socket: tls.TLSSocket, fingerprints: readonly string[]): Error | null {
  const shown = socket.getPeerX509Certificate()?.fingerprint256
  if (shown !== undefined && fingerprints.some((trusted) => digits(trusted) === digits(shown))) return null
  return new Error(`its certificate has the fingerprint ${shown ?? "of none"}, which is not trusted`)
}

function digits(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase()
}
