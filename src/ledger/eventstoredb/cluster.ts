/**
 * Calls to the cluster. Each has a time limit of ours and answers, or fails, in our words; a connection that did not answer is left and the next call gets
 * a new one. Nothing else of the engine talks to the client, so that another client would change this file and its neighbours `client` and `errors` alone.
 *
 * What the client asks for: a listener for errors on every stream for ever (they come late, too), and calls that are both cancelled and destroyed when they
 * are left (either alone leaves them open).
 */
import type { Readable } from "node:stream"
import {
  type AllStreamRecordedEvent,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  BACKWARDS,
  END,
  type EventData,
  NO_STREAM,
  NotLeaderError,
  type RecordedEvent,
  type ResolvedEvent,
  START,
  StreamNotFoundError,
  type StreamingRead,
  WrongExpectedVersionError,
  streamNameFilter,
} from "@eventstore/db-client"
import { FleetError } from "#kernel/errors.js"
import { noStream } from "../port.js"
import { type Address, type Host, hostsOf } from "./address.js"
import { type Client, type Credentials, clientFactory } from "./client.js"
import type { ClusterEvent, Place } from "./envelope.js"
import { type Peer, inOurWords, isAnswer, noAnswer } from "./errors.js"
import { type Timings, within } from "./timings.js"

/** What the server said to an append: it is written (now, or the identical one before), or the stream is elsewhere. */
export type Answer = { readonly is: "written" } | { readonly is: "conflict"; readonly actual: number }

/** Who hears of a subscription what is not an event. */
export interface Listener {
  /** Any sign of life. */
  readonly heard: () => void
  readonly confirmed: () => void
  /** Nothing is left that was there when it began; events may still be on their way to whoever reads. */
  readonly caughtUp: () => void
  /** Everything up to there has been looked through; events may still be on their way to whoever reads. */
  readonly lookedThrough: (commit: bigint) => void
}

/** Events that are read ahead of whoever copies them. */
const readAhead = 250

interface Limits {
  readonly maxAge?: number
  readonly maxCount?: number
  readonly truncateBefore?: unknown
}

export class Cluster {
  readonly peer: Peer
  readonly #make: (at?: Host) => Client
  readonly #firstHost: Host | undefined
  readonly #timings: Timings
  /** Reads and subscriptions that would not hear of their connection's end. */
  readonly #open = new Set<Readable>()
  #client: Client

  /** @throws FleetError `InvalidConfig` */
  constructor(address: Address, credentials: Credentials | undefined, timings: Timings) {
    this.peer = { where: hostsOf(address), user: credentials?.username }
    this.#timings = timings
    this.#make = clientFactory(address, credentials, timings.callMs)
    this.#firstHost = address.hosts[0]
    this.#client = this.#make()
  }

  /**
   * Appends at exactly this revision. The identical call again is the same append.
   *
   * @throws FleetError `StoreUnavailable` when it may or may not be written; what else it throws says that it is not
   */
  append(stream: string, expectedRevision: number, events: readonly EventData[]): Promise<Answer> {
    return this.#call(async (client): Promise<Answer> => {
      try {
        await client.appendToStream(stream, [...events], {
          expectedRevision: expectedRevision === noStream ? NO_STREAM : BigInt(expectedRevision),
          deadline: this.#timings.callMs,
        })
        return { is: "written" }
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError)) throw error
        const { actualVersion } = error
        return { is: "conflict", actual: typeof actualVersion === "bigint" ? Number(actualVersion) : noStream }
      }
    })
  }

  async lastEventOf(stream: string): Promise<ClusterEvent | undefined> {
    const [last] = await this.#read((client) =>
      client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
    )
    return last
  }

  async eventAt(stream: string, revision: number): Promise<ClusterEvent | undefined> {
    const [event] = await this.#read((client) =>
      client.readStream(stream, { fromRevision: BigInt(revision), maxCount: 1 }),
    )
    return event?.revision === revision ? event : undefined
  }

  /** Where the last event of the whole log is; undefined of an empty one. */
  async end(): Promise<Place | undefined> {
    const [last] = await this.#read((client) =>
      client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }),
    )
    return last?.place
  }

  /** What of a stream's metadata makes its events vanish, by the names that it has there. */
  async limitsOf(stream: string): Promise<readonly string[]> {
    const { metadata } = await this.#call((client) => client.getStreamMetadata(stream))
    const { maxAge, maxCount, truncateBefore }: Limits = metadata ?? {}
    return Object.entries({ $maxAge: maxAge, $maxCount: maxCount, $tb: truncateBefore })
      .filter(([, limit]) => limit !== undefined)
      .map(([name]) => name)
  }

  /** Keeps no more than so many events of a stream, unless its metadata says something already. */
  async keepAtMost(stream: string, maxCount: number): Promise<void> {
    await this.#call(async (client) => {
      try {
        await client.setStreamMetadata(stream, { maxCount }, { expectedRevision: NO_STREAM })
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError)) throw error
      }
    })
  }

  /** All events behind a place, first what is there and then what comes, of streams whose names begin with one of these. */
  subscribe(prefixes: readonly string[], after: Place | undefined, listener: Listener): ClusterSubscription {
    const client = this.#client
    const subscription = client.subscribeToAll(
      {
        fromPosition: after === undefined ? START : { ...after },
        filter: streamNameFilter({
          prefixes: [...prefixes],
          // An error in here would stop the subscription without a word.
          checkpointReached: (_, { commit }) => {
            listener.heard()
            listener.lookedThrough(commit)
          },
        }),
      },
      { highWaterMark: readAhead },
    )
    subscription.on("confirmation", () => {
      listener.heard()
      listener.confirmed()
    })
    subscription.on("caughtUp", () => {
      listener.heard()
      listener.caughtUp()
    })
    this.#track(subscription)
    return new ClusterSubscription(subscription, {
      heard: listener.heard,
      failed: (error) => this.#failed(client, error),
      left: () => this.#leave(subscription, () => subscription.unsubscribe()),
    })
  }

  async close(): Promise<void> {
    const { callMs } = this.#timings
    const closed = this.#abandon(this.#client, new FleetError("StoreUnavailable", "the ledger is closed"))
    await within(this.#timings, callMs, closed, () => noAnswer(this.peer, callMs)).catch(() => {})
  }

  async #read(
    open: (client: Client) => StreamingRead<ResolvedEvent> | StreamingRead<AllStreamResolvedEvent>,
  ): Promise<readonly ClusterEvent[]> {
    return this.#call(async (client) => {
      const reading = open(client)
      this.#track(reading)
      const events: ClusterEvent[] = []
      try {
        for await (const { event, commitPosition } of reading) {
          if (event !== undefined) events.push(clusterEvent(event, commitPosition))
        }
      } catch (error) {
        if (!(error instanceof StreamNotFoundError)) throw error
      } finally {
        this.#leave(reading, () => reading.cancel())
      }
      return events
    })
  }

  async #call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = this.#client
    const { callMs } = this.#timings
    try {
      return await within(this.#timings, callMs, work(client), () => noAnswer(this.peer, callMs))
    } catch (error) {
      throw await this.#failed(client, error)
    }
  }

  /** Leaves a connection that is not to be trusted any more. @returns the error in our words */
  async #failed(client: Client, error: unknown): Promise<Error> {
    const reason = inOurWords(error, this.peer)
    const leader = error instanceof NotLeaderError ? error.leader : undefined
    if ((leader !== undefined || !isAnswer(error)) && this.#client === client) {
      this.#client = this.#make(leader)
      void this.#abandon(client, reason)
    }
    const isUndiscovered = error instanceof Error && error.message.startsWith("Failed to discover")
    return isUndiscovered ? this.#undiscovered() : reason
  }

  /** Who leads is asked for in a way that hides why there is no answer; a direct call says. */
  async #undiscovered(): Promise<FleetError> {
    const direct = this.#make(this.#firstHost)
    const { callMs } = this.#timings
    try {
      await within(this.#timings, callMs, direct.getStreamMetadata("$all"), () => noAnswer(this.peer, callMs))
      return new FleetError("StoreUnavailable", `EventStoreDB at ${this.peer.where} has no leader now`)
    } catch (error) {
      return inOurWords(error, this.peer)
    } finally {
      void direct.close().catch(() => {})
    }
  }

  async #abandon(client: Client, reason: Error): Promise<void> {
    for (const stream of this.#open) stream.destroy(reason)
    await client.close().catch(() => {})
  }

  #track(stream: Readable): void {
    this.#open.add(stream)
    stream.on("error", () => {})
  }

  #leave(stream: Readable, cancel: () => Promise<void>): void {
    this.#open.delete(stream)
    stream.destroy()
    void cancel().catch(() => {})
  }
}

interface SubscriptionEnds {
  readonly heard: () => void
  readonly failed: (error: unknown) => Promise<Error>
  readonly left: () => void
}

/** Events as they come; ends with an error of ours, or when it is closed. */
export class ClusterSubscription implements AsyncIterable<ClusterEvent> {
  readonly #stream: AllStreamSubscription
  readonly #ends: SubscriptionEnds
  #closed = false

  constructor(stream: AllStreamSubscription, ends: SubscriptionEnds) {
    this.#stream = stream
    this.#ends = ends
  }

  /** Whether there are events that can be had without waiting. */
  get hasMore(): boolean {
    return this.#stream.readableLength > 0
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClusterEvent> {
    try {
      for await (const { event, commitPosition } of this.#stream) {
        this.#ends.heard()
        if (event !== undefined) yield clusterEvent(event, commitPosition)
      }
      if (!this.#closed) throw new FleetError("StoreUnavailable", "EventStoreDB ended the subscription")
    } catch (error) {
      if (!this.#closed) throw await this.#ends.failed(error)
    } finally {
      this.close()
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ends.left()
  }
}

function clusterEvent(event: RecordedEvent | AllStreamRecordedEvent, commit: bigint | undefined): ClusterEvent {
  const { streamId, revision, id, type, data, metadata } = event
  const place = event.position ?? (commit === undefined ? undefined : { commit, prepare: commit })
  return { stream: streamId, revision: Number(revision), id, type, data, metadata, place }
}
