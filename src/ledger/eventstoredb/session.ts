/**
 * One subscription to everything, copied until it ends. Before, it looks whether the copy's last event is in the cluster: on one that was restored, or on
 * another one, it does not go on. Streams of a ledger never lose events, so it stops at metadata that limits one, as long as that stands.
 */
import { FleetError } from "#kernel/errors.js"
import { sameHash } from "../proof/tree.js"
import type { Cluster, ClusterSubscription } from "./cluster.js"
import type { Copy } from "./copy.js"
import { type ClusterEvent, type IncomingEvent, type Place, incoming } from "./envelope.js"
import { noAnswer } from "./errors.js"
import type { StreamNames } from "./streams.js"
import type { Timings } from "./timings.js"

export interface SessionPorts {
  readonly cluster: Cluster
  readonly copy: Copy
  /** Of the copy, for sentences. */
  readonly file: string
  readonly streams: StreamNames
  readonly timings: Timings
}

/** Who hears how it goes. */
export interface SessionListener {
  /** The cluster will send what there is. */
  readonly confirmed: () => void
  /** The copy has events that it had not. */
  readonly copied: () => void
  /** The copy has all that was there when the session began; may be told more than once. */
  readonly caughtUp: () => void
  /** Somebody has written to the lease's stream. */
  readonly leaseMoved: () => void
}

/** Most events copied in one transaction. */
const mostAtOnce = 250

export class Session {
  readonly #ports: SessionPorts
  readonly #told: SessionListener
  readonly #over = new AbortController()
  readonly #batch: IncomingEvent[] = []
  /** Signs of life. */
  #heard = 0
  #isConfirmed = false
  /** Where the log ended when it began. */
  #end: Place | undefined
  /** Whether all that was there then has been sent; some of it may still wait to be read. */
  #isSent = false

  constructor(ports: SessionPorts, told: SessionListener) {
    this.#ports = ports
    this.#told = told
  }

  /**
   * Follows until `signal` aborts, or nothing was heard for too long.
   * @throws FleetError `LedgerForked`, `StoreDamaged`, `InvalidConfig`, `StoreUnavailable`
   */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster, copy, streams } = this.#ports
    await this.#checkThatItFits()
    this.#end = await cluster.end()
    if (signal.aborted) return
    const subscription = cluster.subscribe(streams.prefixes, copy.place(), {
      heard: () => (this.#heard += 1),
      confirmed: () => {
        this.#isConfirmed = true
        this.#told.confirmed()
        if (this.#end === undefined) this.#allSent(subscription)
      },
      caughtUp: () => this.#allSent(subscription),
      lookedThrough: (commit) => this.#sentUpTo(commit, subscription),
    })
    const end = () => this.#over.abort()
    signal.addEventListener("abort", end)
    this.#over.signal.addEventListener("abort", () => subscription.close())
    try {
      await Promise.race([this.#copyAll(subscription), this.#watch()])
    } finally {
      end()
    }
  }

  async #checkThatItFits(): Promise<void> {
    const { cluster, copy, file, streams } = this.#ports
    const last = copy.last()
    if (last === undefined) return
    const { position, stream, revision, id, seal, place } = last
    const there = await cluster.eventAt(streams.inCluster(stream), revision)
    const isSame =
      there !== undefined &&
      there.id === id &&
      sameHash(sealBytes(incoming(there, stream, place).seal), sealBytes(seal)) &&
      (there.place === undefined || there.place.commit === place.commit)
    if (isSame) return
    const what = there === undefined ? "is not there" : "is another one there"
    throw new FleetError(
      "LedgerForked",
      `${file} is no copy of what is in EventStoreDB at ${cluster.peer.where}: the event at position ${position} ${what}. If that cluster is the right one, as after it was restored from a backup, remove the copy: it is made again`,
      { details: { position } },
    )
  }

  async #copyAll(subscription: ClusterSubscription): Promise<void> {
    const { streams } = this.#ports
    for await (const event of subscription) {
      const described = streams.describedBy(event.stream)
      if (described !== undefined) await this.#checkLimits(described, event)
      else if (event.stream === streams.lease) this.#told.leaseMoved()
      else this.#batch.push(this.#incoming(event))
      if (this.#batch.length < mostAtOnce) {
        if (subscription.hasMore) continue
        // Events come one by one, even where many are there: one turn brings those that are.
        await new Promise((resolve) => setImmediate(resolve))
        if (subscription.hasMore) continue
      }
      if (this.#over.signal.aborted) return
      this.#flush(subscription)
    }
  }

  #incoming(event: ClusterEvent): IncomingEvent {
    const { stream, type, place } = event
    if (type === "$streamDeleted") {
      throw new FleetError("StoreDamaged", `the stream ${stream} of the ledger was deleted in EventStoreDB`)
    }
    if (place === undefined) throw new FleetError("StoreDamaged", `an event of ${stream} came without its position`)
    return incoming(event, this.#ports.streams.inLedger(stream), place)
  }

  #flush(subscription: ClusterSubscription): void {
    const { copy } = this.#ports
    if (this.#batch.length > 0) {
      if (copy.add(this.#batch.splice(0)) > 0) this.#told.copied()
      const { commit } = copy.place() ?? {}
      if (commit !== undefined) this.#sentUpTo(commit, subscription)
    }
    this.#settle(subscription)
  }

  /** Metadata come in the order of the log: what one event limits, a later one may have freed. */
  async #checkLimits(stream: string, { data }: ClusterEvent): Promise<void> {
    const { cluster, streams } = this.#ports
    const limits = ["$maxAge", "$maxCount", "$tb"]
    const setsLimits = typeof data === "object" && data !== null && limits.some((limit) => limit in data)
    if (!setsLimits || stream === streams.lease) return
    const [limit] = await cluster.limitsOf(stream)
    if (limit === undefined) return
    throw new FleetError(
      "StoreDamaged",
      `the stream ${stream} has ${limit} set in EventStoreDB, which makes events vanish from the ledger; take it out of the stream's metadata`,
      { details: { stream, limit } },
    )
  }

  #sentUpTo(commit: bigint, subscription: ClusterSubscription): void {
    if (this.#end !== undefined && commit >= this.#end.commit) this.#allSent(subscription)
  }

  #allSent(subscription: ClusterSubscription): void {
    if (this.#isSent) return
    this.#isSent = true
    // What was read ahead can be seen by then.
    setImmediate(() => this.#settle(subscription))
  }

  #settle(subscription: ClusterSubscription): void {
    if (this.#isSent && this.#batch.length === 0 && !subscription.hasMore && !this.#over.signal.aborted) {
      this.#told.caughtUp()
    }
  }

  async #watch(): Promise<void> {
    const { cluster, timings } = this.#ports
    const { signal } = this.#over
    await timings.sleep(timings.callMs, signal)
    if (!this.#isConfirmed && !signal.aborted) throw noAnswer(cluster.peer, timings.callMs)
    for (let before = -1; before < this.#heard && !signal.aborted;) {
      before = this.#heard
      await timings.sleep(timings.silenceMs, signal)
    }
  }
}

function sealBytes(seal: { readonly salt: Uint8Array } | { readonly dataHash: Uint8Array }): Uint8Array {
  return "salt" in seal ? seal.salt : seal.dataHash
}
