/**
 * The ledger on EventStoreDB (KurrentDB), for fleets that several instances watch. The cluster is the truth; this process reads from a copy that follows it,
 * so that positions are without gaps and everybody's are equal, and reading costs the cluster nothing.
 *
 * Wants a server of 23.10 or newer, which says when a subscription has caught up. Tried against an in-process server that is built on the client's own
 * generated services, not yet against a real one.
 */
import type { NewEvent } from "#events/catalog.js"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { inSpan } from "#kernel/span.js"
import type { Archives } from "../archive/archives.js"
import type { PendingAppend } from "../already-there.js"
import type { Appended, Ledger, StoredEvent } from "../port.js"
import { prepare } from "../prepare.js"
import { Signal } from "../signal.js"
import { FileReads } from "../sqlite/reads.js"
import { parseAddress } from "./address.js"
import { adopter } from "./adopt.js"
import { appender } from "./append.js"
import { Cluster } from "./cluster.js"
import { Copy } from "./copy.js"
import { Delivery } from "./delivery.js"
import { Follower, type FollowingState } from "./follower.js"
import { Lease } from "./lease.js"
import { StreamNames, defaultPrefix } from "./streams.js"
import { type Timings, defaultTimings } from "./timings.js"

/** EventStoreDB's own default is 1 MiB, and it counts a little more than the bytes of the events. */
const defaultMaxAppendBytes = 1_000_000

export interface EventStoreOptions {
  /** `esdb://host:2113`, `esdb+discover://…`, `kurrentdb://…`, `kurrentdb+discover://…`; without user and password. */
  readonly address: string
  readonly user?: string
  readonly password?: string
  /** PEM of the authority that signed the cluster's certificate; those of the system, unless given. */
  readonly caFile?: string
  /** The copy of this process, and of it alone. */
  readonly file: string
  /** What the names of the ledger's streams begin with: letters, digits, underscores, and a dot. */
  readonly prefix?: string
  /** Most bytes of one append; not more than the cluster's `MaxAppendSize`. */
  readonly maxAppendBytes?: number
  readonly timings?: Timings
}

export interface EventStoreLedger extends Ledger {
  /** How the cluster is followed. */
  readonly state: FollowingState
  /** Takes part in choosing the one instance that acts upon the ledger, until the ledger or the lease is closed. */
  lease(holder: string): Lease
}

/**
 * Resolves once the copy holds all that is in the cluster, which takes a while when it has to be made first.
 *
 * @throws FleetError `InvalidConfig` (address, user, certificate), `LedgerForked` (the copy is of another cluster), `StoreDamaged`, `NewerVersion`,
 *   `StoreUnavailable`
 */
export async function openEventStoreLedger(
  options: EventStoreOptions,
  clock: Clock = systemClock,
): Promise<EventStoreLedger> {
  const timings = options.timings ?? defaultTimings
  const { address: text, user, password, caFile } = options
  const address = { ...parseAddress(text), ...(caFile === undefined ? {} : { caFile }) }
  const credentials = user === undefined ? undefined : { username: user, password: password ?? "" }
  const streams = new StreamNames(options.prefix ?? defaultPrefix)
  const cluster = new Cluster(address, credentials, timings)
  const ledger = new CopiedLedger(options, { cluster, streams, clock, timings })
  try {
    await ledger.caughtUp()
    return ledger
  } catch (error) {
    await ledger.close()
    throw error
  }
}

interface Parts {
  readonly cluster: Cluster
  readonly streams: StreamNames
  readonly clock: Clock
  readonly timings: Timings
}

class CopiedLedger extends FileReads implements EventStoreLedger {
  readonly #parts: Parts
  readonly #follower: Follower
  readonly #delivery: Delivery
  readonly #append: (pending: PendingAppend) => Promise<Appended>
  readonly #adopt: (events: readonly StoredEvent[]) => Promise<void>
  /** The cluster keeps everything, and so does the copy. */
  readonly archives: Archives = {
    list: async () => [],
    create: noArchives,
    detach: noArchives,
    attach: noArchives,
  }
  readonly #leases: Lease[] = []
  readonly #leaseMoved = new Signal()
  #closing: Promise<void> | undefined

  constructor({ file, maxAppendBytes = defaultMaxAppendBytes }: EventStoreOptions, parts: Parts) {
    const copy = new Copy(file)
    super(copy.db, `the copy ${file}`)
    this.#parts = parts
    const copied = () => this.appended.raise()
    const leaseMoved = () => this.#leaseMoved.raise()
    this.#follower = new Follower({ ...parts, copy, file, copied, leaseMoved })
    this.#delivery = new Delivery({ ...parts, follower: this.#follower })
    const shared = { ...parts, copy, delivery: this.#delivery, maxAppendBytes }
    this.#append = appender(shared)
    this.#adopt = adopter(shared)
    this.#follower.start()
  }

  get state(): FollowingState {
    return this.#follower.state
  }

  caughtUp(): Promise<void> {
    return this.#follower.caughtUp()
  }

  async append(
    stream: StreamName,
    expectedRevision: number,
    events: readonly NewEvent[],
    command: string,
  ): Promise<Appended> {
    this.#mustTakeMore()
    const prepared = prepare(stream, expectedRevision, events, command)
    return inSpan("append", { "fleet_ledger.events": events.length }, () =>
      this.#append({ stream, expectedRevision, events: prepared, command }),
    )
  }

  async adopt(events: readonly StoredEvent[]): Promise<void> {
    this.#mustTakeMore()
    return this.#adopt(events)
  }

  async redact(): Promise<Appended> {
    throw new FleetError(
      "Forbidden",
      "nothing can be redacted on EventStoreDB: it keeps the bytes that were stored, and a mask over them would only look like it",
    )
  }

  lease(holder: string): Lease {
    this.#mustTakeMore()
    const lease = new Lease({ ...this.#parts, leaseMoved: this.#leaseMoved }, holder)
    this.#leases.push(lease)
    return lease
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    await Promise.all([this.#delivery.close(), ...this.#leases.map((lease) => lease.close())])
    await this.#follower.close()
    await this.#parts.cluster.close()
    this.closeFile()
  }

  #mustTakeMore(): void {
    if (this.#closing !== undefined) throw new FleetError("StoreUnavailable", "the ledger is closed")
  }
}

async function noArchives(): Promise<never> {
  throw new FleetError(
    "Forbidden",
    "a ledger on EventStoreDB has no archives: the cluster keeps its events, and so does each copy",
  )
}
