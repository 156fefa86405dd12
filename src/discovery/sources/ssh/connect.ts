/**
 * One connection to one host, from a stream that leads there to the moment when commands can be run. The host has to prove its key before anything is said
 * about who asks.
 */
import * as net from "node:net"
import type { Duplex } from "node:stream"
import type { Client, ConnectConfig } from "ssh2"
import { algorithmsOf, fingerprint, type HostKey, hostKey, hostKeyAlgorithms } from "./known-hosts.js"
import type { Identities } from "./keys.js"
import type { Destination } from "./resolve.js"
import { unavailable, unreachable } from "./sentences.js"
import { objection, type Trust } from "./trust.js"
import { forMany } from "#kernel/within.js"

/** Leads to a port of a host. It lets go of whatever it has when the signal aborts. */
export type Dial = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>

export interface Connection {
  readonly destination: Destination
  /** Fingerprint of the key that it was recognised by. */
  readonly recognised: string
  readonly client: Client
  /** Aborts when the connection is gone, with the reason. */
  readonly gone: AbortSignal
  /** Ends it at once: nothing is waited for. */
  readonly drop: () => void
}

/** What a connection is made with. */
export interface Credentials {
  readonly trust: Trust
  readonly identities: Identities
  /** How often a peer that says nothing is asked whether it is there. */
  readonly keepaliveMs: number
}

/** A peer that leaves more than so many questions open is gone. */
const mostUnanswered = 2

export const dialTcp: Dial = (host, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, signal })
    socket.once("connect", () => resolve(socket))
    socket.on("error", reject)
  })

/** @throws FleetError `SourceUnavailable`, `HostKeyUnknown`, `HostKeyChanged`, `HostKeyRevoked` */
export async function connect(
  destination: Destination,
  stream: Duplex,
  { trust, identities: { methods, names, troubles }, keepaliveMs }: Credentials,
  signal: AbortSignal,
): Promise<Connection> {
  const { alias, user } = destination
  let refusal: Error | undefined
  let recognised = ""
  const connection = await handshake(destination, stream, signal, {
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: mostUnanswered,
    username: user,
    algorithms: { serverHostKey: hostKeyAlgorithms(trust.known, trust.name) as never },
    authHandler: [...methods],
    hostVerifier: (blob: Buffer) => {
      const offered = hostKey(blob)
      refusal =
        offered === undefined
          ? unavailable(destination, `${alias} has a key that is none`)
          : objection(destination, trust, offered)
      if (offered !== undefined) recognised = fingerprint(offered)
      return refusal === undefined
    },
  }).catch((error: unknown) => {
    if (refusal !== undefined) throw refusal
    if (!isAboutLogin(error)) throw unreachable(destination, error)
    const unused = troubles.length === 0 ? "" : ` (${troubles.join("; ")})`
    throw unavailable(
      destination,
      `${alias} does not let ${user} in with ${names.join(", ")}${unused}: see its authorized_keys`,
      error,
    )
  })
  return { ...connection, recognised }
}

/** The key that a host offers when it is asked for one of this type, without saying who asks. @returns nothing if it has none */
export async function offeredKey(
  destination: Destination,
  stream: Duplex,
  type: string,
  signal: AbortSignal,
): Promise<HostKey | undefined> {
  let offered: HostKey | undefined
  try {
    const connection = await handshake(destination, stream, signal, {
      username: destination.user,
      algorithms: { serverHostKey: [...(algorithmsOf[type] ?? [])] as never },
      authHandler: [],
      hostVerifier: (blob: Buffer) => {
        offered = hostKey(blob)
        return false
      },
    })
    connection.drop()
  } catch (error) {
    signal.throwIfAborted()
    if (offered === undefined && !/no matching host key format/.test(String(error)))
      throw unreachable(destination, error)
  }
  return offered
}

/** An error of the agent's, or about one key, is followed by the next attempt. */
function isPassing(error: { readonly level?: string }): boolean {
  return error.level === "agent"
}

function isAboutLogin(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ("level" in error && error.level === "client-authentication") || /authentication failures/.test(error.message)
}

async function handshake(
  destination: Destination,
  stream: Duplex,
  signal: AbortSignal,
  config: ConnectConfig,
): Promise<Omit<Connection, "recognised">> {
  const { Client } = (await import("ssh2")).default
  const client = new Client()
  const gone = new AbortController()
  const drop = () => {
    gone.abort(new Error("the connection was closed"))
    stream.destroy()
  }
  const fail = (error: Error) => {
    gone.abort(error)
    stream.destroy()
  }
  // For as long as the client lives: it may tell of more than one error.
  client.on("error", (error: Error & { readonly level?: string }) => {
    if (!isPassing(error)) fail(error)
  })
  client.once("end", () => fail(closed()))
  client.once("close", () => fail(closed()))
  return new Promise((resolve, reject) => {
    const abort = () => fail(signal.reason as Error)
    signal.addEventListener("abort", abort, { once: true })
    const settle = () => signal.removeEventListener("abort", abort)
    gone.signal.addEventListener("abort", () => {
      settle()
      reject(gone.signal.reason)
    })
    client.once("ready", () => {
      settle()
      resolve({ destination, client, gone: forMany(gone.signal), drop })
    })
    if (signal.aborted) return abort()
    if (stream.destroyed) return fail(closed())
    // The time limit is the caller's.
    client.connect({ ...config, sock: stream, readyTimeout: 0, strictVendor: false })
  })
}

function closed(): Error {
  return new Error("the host closed the connection")
}
