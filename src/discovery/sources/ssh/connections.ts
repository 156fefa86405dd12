/**
 * The connections to a fleet, kept from one look to the next: the handshake is most of what a look costs, on both sides. A host in between is connected to once
 * for all that are behind it. One that nobody has used for a while is closed; one that broke meanwhile is made anew for whoever finds it broken.
 */
import type { Duplex } from "node:stream"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Client } from "ssh2"
import { type Answer, ConnectionBroke, type Limits, type Program, runProgram } from "./command.js"
import { type Connection, connect, type Dial, dialTcp, offeredKey } from "./connect.js"
import { algorithmsOf, fingerprint, keyText, knownName } from "./known-hosts.js"
import { Keyring, type ReadSecret } from "./keys.js"
import { type Destination, type Environment, resolve, type SshHost } from "./resolve.js"
import { seconds, unavailable, unreachable } from "./sentences.js"
import type { OfferedKey } from "../../observation.js"
import { type EnrolledKey, trustFor } from "./trust.js"
import { unlessAborted, within } from "#kernel/within.js"

export interface ConnectionsOptions {
  readonly environment: Environment
  readonly secret: ReadSecret
  /** Keys that are trusted besides those in known_hosts, as they are when a connection is made. */
  readonly enrolled?: () => Promise<readonly EnrolledKey[]>
  /** For one connection, hosts in between not counted. */
  readonly connectMs?: number
  readonly idleMs?: number
  readonly keepaliveMs?: number
  readonly dial?: Dial
}

/** A connection, or the attempt to make one, and by how many it is used. */
interface Kept {
  readonly opening: Promise<Connection>
  readonly cancel: AbortController
  connection: Connection | undefined
  uses: number
  idle: NodeJS.Timeout | undefined
}

interface Use {
  readonly wasOpen: boolean
  readonly connection: Promise<Connection>
  readonly release: () => void
}

/** A stream, and what lets go of what it goes through. */
interface Way {
  readonly stream: Duplex
  readonly release: () => void
}

type Open = (client: Client, answer: (error: Error | undefined, stream: Duplex) => void) => unknown

export class Connections {
  readonly #options: Required<ConnectionsOptions>
  readonly #keyring: Keyring
  readonly #kept = new Map<string, Kept>()
  readonly #closed = new AbortController()

  constructor(options: ConnectionsOptions) {
    this.#options = {
      enrolled: async () => [],
      connectMs: 10_000,
      idleMs: 300_000,
      keepaliveMs: 15_000,
      dial: dialTcp,
      ...options,
    }
    this.#keyring = new Keyring(options.secret)
  }

  /** How many there are, those in between counted. */
  get size(): number {
    return this.#kept.size
  }

  /**
   * Runs a program on the host and waits for its whole answer.
   * @throws FleetError `SourceUnavailable`, `HostKeyUnknown`, `HostKeyChanged`, `HostKeyRevoked`, `InvalidConfig`
   */
  async run(host: SshHost, program: Program, limits: Limits, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#once(host, program, limits, signal)
    } catch (error) {
      if (!(error instanceof ConnectionBroke)) throw error
      throw unavailable(
        host,
        `the connection to ${host.alias} broke after ${error.bytes} bytes of its answer: ${error.message}`,
        error,
      )
    }
  }

  async #once(host: SshHost, program: Program, limits: Limits, signal: AbortSignal, again = true): Promise<Answer> {
    const use = this.#use(host)
    try {
      return await runProgram(await unlessAborted(signal, use.connection), program, limits, signal)
    } catch (error) {
      if (!(again && use.wasOpen && error instanceof ConnectionBroke && error.bytes === 0)) throw error
    } finally {
      use.release()
    }
    return this.#once(host, program, limits, signal, false)
  }

  /**
   * A stream to a socket on the host, as that of a Docker Engine. The connection is in use until it closes.
   * @throws as `run`
   */
  async forwardSocket(host: SshHost, path: string, signal: AbortSignal): Promise<Duplex> {
    const what = `the socket ${path}`
    const { stream, release } = await this.#through(
      () => this.#use(host),
      what,
      signal,
      (client, answer) => client.openssh_forwardOutStreamLocal(path, answer),
    )
    stream.once("close", release)
    readOnWhenDestroyed(stream)
    return stream
  }

  /** The keys that a host offers, for a person to compare: nothing is trusted by that, and nobody logs in. @throws as `run` */
  async scanHostKeys(host: SshHost, signal: AbortSignal): Promise<readonly OfferedKey[]> {
    const { environment, connectMs } = this.#options
    const destination = resolve(host, environment)
    const name = knownName(destination.hostName, destination.port, destination.keyAlias)
    const found: OfferedKey[] = []
    for (const type of Object.keys(algorithmsOf)) {
      const { stream, release } = await this.#way(destination, signal)
      try {
        const key = await within(connectMs, signal, this.#late(destination), (over) =>
          offeredKey(destination, stream, type, over),
        )
        if (key !== undefined)
          found.push({ name, algorithm: key.type, key: keyText(key), fingerprint: fingerprint(key) })
      } finally {
        stream.destroy()
        release()
      }
    }
    return found
  }

  /** Ends everything at once; what is under way fails. */
  close(): void {
    this.#closed.abort(new FleetError("Cancelled", "the connections to the fleet are being closed"))
    for (const kept of this.#kept.values()) {
      clearTimeout(kept.idle)
      kept.cancel.abort(this.#closed.signal.reason)
      kept.connection?.drop()
    }
    this.#kept.clear()
  }

  #use(host: SshHost): Use {
    return this.#lease(JSON.stringify(host), () => resolve(host, this.#options.environment))
  }

  #lease(key: string, destination: () => Destination): Use {
    this.#closed.signal.throwIfAborted()
    const found = this.#kept.get(key)
    const kept = found ?? this.#open(key, destination())
    const wasOpen = kept.connection !== undefined
    kept.uses += 1
    clearTimeout(kept.idle)
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      kept.uses -= 1
      if (kept.uses > 0) return
      const { connection } = kept
      if (connection !== undefined) {
        if (!connection.gone.aborted) kept.idle = setTimeout(() => connection.drop(), this.#options.idleMs)
        return
      }
      // Whoever comes now begins anew.
      if (this.#kept.get(key) === kept) this.#kept.delete(key)
      kept.cancel.abort(new FleetError("Cancelled", "nobody waits for the connection any more"))
    }
    return { wasOpen, connection: kept.opening, release }
  }

  #open(key: string, destination: Destination): Kept {
    const cancel = new AbortController()
    const kept: Kept = {
      opening: this.#connect(destination, cancel.signal),
      cancel,
      connection: undefined,
      uses: 0,
      idle: undefined,
    }
    const forget = () => {
      clearTimeout(kept.idle)
      if (this.#kept.get(key) === kept) this.#kept.delete(key)
    }
    this.#kept.set(key, kept)
    const keep = (connection: Connection): void => {
      kept.connection = connection
      connection.gone.addEventListener("abort", forget, { once: true })
      if (connection.gone.aborted) forget()
      if (kept.uses === 0) connection.drop()
    }
    kept.opening.then(keep, forget)
    return kept
  }

  async #connect(destination: Destination, signal: AbortSignal): Promise<Connection> {
    const { enrolled, connectMs, keepaliveMs } = this.#options
    const { alias } = destination
    const tooSlow = () =>
      unavailable(
        { alias },
        `the keys for ${alias} were not read within ${seconds(connectMs)}: see whether the agent answers`,
      )
    // First, so that nobody waits on the other side while an encrypted key is opened.
    const identities = await within(connectMs, signal, tooSlow, () => this.#keyring.identities(destination))
    const { stream, release } = await this.#way(destination, signal)
    try {
      const credentials = { trust: trustFor(destination, await enrolled()), identities, keepaliveMs }
      const connection = await within(connectMs, signal, this.#late(destination), (over) =>
        connect(destination, stream, credentials, over),
      )
      connection.gone.addEventListener("abort", release, { once: true })
      if (connection.gone.aborted) release()
      return connection
    } catch (error) {
      stream.destroy()
      release()
      throw error
    }
  }

  /** What leads to the host: straight, or through the last of those in between. */
  async #way(destination: Destination, signal: AbortSignal): Promise<Way> {
    const { dial, connectMs } = this.#options
    const { alias, hostName, port } = destination
    const hop = destination.via.at(-1)
    if (hop === undefined) {
      const stream = await within(connectMs, signal, this.#late(destination), (over) =>
        dial(hostName, port, over),
      ).catch((error: unknown) => {
        signal.throwIfAborted()
        throw unreachable(destination, error)
      })
      return { stream, release: () => {} }
    }
    try {
      const lease = () => this.#lease(JSON.stringify(hop), () => hop)
      return await this.#through(lease, `port ${port} of ${hostName}`, signal, (client, answer) =>
        client.forwardOut("127.0.0.1", 0, hostName, port, answer),
      )
    } catch (error) {
      if (!(error instanceof FleetError) || error.code === "Cancelled") throw error
      throw new FleetError(error.code, `${alias} is reached through ${hop.alias}: ${error.message}`, {
        details: error.details,
        cause: error,
      })
    }
  }

  /** A stream through a connection; where a kept one turns out to be broken, through a new one. */
  async #through(lease: () => Use, what: string, signal: AbortSignal, open: Open, again = true): Promise<Way> {
    const use = lease()
    let connection: Connection | undefined
    try {
      connection = await unlessAborted(signal, use.connection)
      return { stream: await this.#forward(connection, what, signal, open), release: use.release }
    } catch (error) {
      use.release()
      if (!(again && use.wasOpen && connection?.gone.aborted === true)) throw error
    }
    return this.#through(lease, what, signal, open, false)
  }

  #forward({ client, gone, destination }: Connection, what: string, signal: AbortSignal, open: Open): Promise<Duplex> {
    const { connectMs } = this.#options
    const { alias } = destination
    const late = () => unavailable({ alias }, `${alias} did not open ${what} within ${seconds(connectMs)}`)
    return within(connectMs, signal, late, (over) => {
      const opening = new Promise<Duplex>((resolveStream, reject) => {
        if (gone.aborted) return reject(gone.reason)
        open(client, (error, stream) => {
          if (error !== undefined) {
            reject(unavailable({ alias }, `${alias} does not open ${what}: ${error.message}`, error))
          } else if (over.aborted) stream.destroy()
          else resolveStream(stream)
        })
      })
      return unlessAborted(gone, opening)
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      if (error instanceof FleetError) throw error
      throw unavailable({ alias }, `the connection to ${alias} broke: ${messageOf(error)}`, error)
    })
  }

  #late(destination: Destination): () => FleetError {
    return () => unreachable(destination, Object.assign(new Error("time-out"), { code: "ETIMEDOUT" }))
  }
}

/** A channel of ssh2 tells only those who read to its end that it has closed, so that of one that is let go of is read into nothing. */
function readOnWhenDestroyed(stream: Duplex): void {
  const destroy = stream.destroy.bind(stream)
  stream.destroy = (error) => {
    stream.resume()
    return destroy(error)
  }
}
