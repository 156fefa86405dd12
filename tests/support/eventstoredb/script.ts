/** The cluster's part in the test's hand: a log of which it says where it ends, and subscriptions to it, one after the other, that bring what the test sends. */
import type { Cluster, Listener } from "#ledger/eventstoredb/cluster.js"
import type { ClusterEvent, Place } from "#ledger/eventstoredb/envelope.js"
import { StreamNames, defaultPrefix } from "#ledger/eventstoredb/streams.js"
import { Signal } from "#ledger/signal.js"
import { changed, metadata, observedAt, stream } from "../sample-events.js"

export const streams = new StreamNames(defaultPrefix)
export const target = stream("target-1")
/** As the cluster calls its stream. */
export const name = streams.inCluster(target)

export const at = (commit: number): Place => ({ commit: BigInt(commit), prepare: BigInt(commit) })

/** Number so many of the target's stream, at a place a hundred behind. */
export function event(revision: number, more: Partial<ClusterEvent> = {}): ClusterEvent {
  const salt = Buffer.alloc(16, revision).toString("base64")
  return {
    stream: name,
    revision,
    id: `00000000-0000-4000-8000-${String(revision).padStart(12, "0")}`,
    type: "TargetChanged",
    data: changed(revision).data,
    metadata: { metadata, observedAt, recordedAt: observedAt, schemaVersion: 1, salt },
    place: at(100 + revision),
    ...more,
  }
}

export class Subscription implements AsyncIterable<ClusterEvent> {
  readonly after: Place | undefined
  readonly listener: Listener
  readonly #sent: ClusterEvent[] = []
  readonly #more = new Signal()
  readonly #closed = new AbortController()
  #failure: Error | undefined

  constructor(after: Place | undefined, listener: Listener) {
    this.after = after
    this.listener = listener
  }

  send(...events: readonly ClusterEvent[]): void {
    this.#sent.push(...events)
    this.#more.raise()
  }

  fail(failure: Error): void {
    this.#failure = failure
    this.#more.raise()
  }

  get hasMore(): boolean {
    return this.#sent.length > 0
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  close(): void {
    this.#closed.abort()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClusterEvent> {
    while (!this.isClosed) {
      const next = this.#sent.shift()
      if (next !== undefined) yield next
      else if (this.#failure !== undefined) throw this.#failure
      else await this.#more.next(this.#closed.signal)
    }
  }
}

type Part = Pick<Cluster, "peer" | "end" | "eventAt" | "limitsOf">

export class Script implements Part {
  readonly peer = { where: "a:2113", user: undefined }
  readonly subscriptions: Subscription[] = []
  limits: readonly string[] = []
  /** What it answers instead of where the log ends. */
  trouble: Error | undefined
  readonly #end: Place | undefined
  readonly #there: ClusterEvent | undefined

  /** @param there what it has at whatever place is asked for */
  constructor(end: Place | undefined, there?: ClusterEvent) {
    this.#end = end
    this.#there = there
  }

  get cluster(): Cluster {
    return this as unknown as Cluster
  }

  /** The present one. */
  get subscription(): Subscription | undefined {
    return this.subscriptions.at(-1)
  }

  readonly eventAt = async () => this.#there
  readonly limitsOf = async () => this.limits
  readonly end = async () => {
    if (this.trouble !== undefined) throw this.trouble
    return this.#end
  }

  subscribe(_prefixes: readonly string[], after: Place | undefined, listener: Listener): Subscription {
    const subscription = new Subscription(after, listener)
    this.subscriptions.push(subscription)
    return subscription
  }
}

/** Whatever is due has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
