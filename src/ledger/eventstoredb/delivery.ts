/**
 * Getting appends to the cluster: one after the other, so that they are recorded in the order in which they were asked for, each within a time limit that
 * counts from when it was asked for. What was not answered is sent again as it was, same revision and same ids, which the server knows for the same append.
 */
import type { EventData } from "@eventstore/db-client"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { Answer, Cluster } from "./cluster.js"
import type { Follower } from "./follower.js"
import type { StreamNames } from "./streams.js"
import { type Timings, backOff } from "./timings.js"

export interface DeliveryPorts {
  readonly cluster: Cluster
  readonly follower: Follower
  readonly streams: StreamNames
  readonly timings: Timings
}

export interface Batch {
  readonly stream: StreamName
  readonly expectedRevision: number
  readonly events: readonly EventData[]
}

export class Delivery {
  readonly #ports: DeliveryPorts
  /** What is under way, with its time limit. */
  readonly #underWay = new Map<Promise<unknown>, AbortController>()
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /** Runs what has a time limit, of which it is told by a signal. */
  async limited<T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new FleetError("StoreUnavailable", "the ledger is closed")
    const { timings } = this.#ports
    const [limit, done] = [new AbortController(), new AbortController()]
    void timings.sleep(timings.appendMs, done.signal).then(() => limit.abort())
    const mine = work(limit.signal)
    this.#underWay.set(mine, limit)
    try {
      return await mine
    } finally {
      this.#underWay.delete(mine)
      done.abort()
    }
  }

  /** Runs after everything that was asked for before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => {})
    return mine
  }

  /** @throws FleetError why it is not written, or `StoreUnavailable` when that is not known */
  send({ stream, expectedRevision, events }: Batch, limit: AbortSignal): Promise<Answer> {
    const { cluster, streams } = this.#ports
    return this.trying(() => cluster.append(streams.inCluster(stream), expectedRevision, events), limit)
  }

  /** Calls the cluster until it answers. */
  async trying<T>(call: () => Promise<T>, limit: AbortSignal): Promise<T> {
    const { follower, timings } = this.#ports
    let trouble: FleetError | undefined
    for (let failures = 0; ;) {
      // Without the copy there would be no answer, and only following tells whether this is still the cluster that it was.
      trouble = (await follower.following(limit)) ?? trouble
      if (limit.aborted) throw this.#gaveUp(trouble)
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof FleetError)) throw error
        if (!error.retryable) throw whereItRuns(error)
        trouble = error
        failures += 1
        await timings.sleep(backOff(timings, failures), limit)
      }
    }
  }

  /** Resolves once the copy has this revision. @throws FleetError `StoreUnavailable` */
  async copied(stream: StreamName, revision: number, limit: AbortSignal): Promise<void> {
    const { follower, timings } = this.#ports
    const done = new AbortController()
    const renewWhenLate = async () => {
      await timings.sleep(timings.copyMs, done.signal)
      if (!done.signal.aborted) follower.renew()
    }
    try {
      void renewWhenLate()
      if (await follower.has(stream, revision, limit)) return
    } finally {
      done.abort()
    }
    throw this.#gaveUp(undefined)
  }

  /** Waits for what is under way, as long as one call may take; what is left then ends with an error. */
  async close(): Promise<void> {
    const { timings } = this.#ports
    const settled = Promise.allSettled(this.#underWay.keys())
    const closed = new AbortController()
    await Promise.race([settled, timings.sleep(timings.callMs, closed.signal)])
    closed.abort()
    this.#isClosed = true
    for (const limit of this.#underWay.values()) limit.abort()
    await settled
  }

  #gaveUp(trouble: FleetError | undefined): FleetError {
    const why = trouble?.message ?? "the events have not come back from EventStoreDB"
    return new FleetError(
      "StoreUnavailable",
      `the append was not answered in time, and may or may not be written; the identical append again will tell (${why})`,
      trouble === undefined ? {} : { cause: trouble },
    )
  }
}

/** Whoever appends is not who configured. */
function whereItRuns(error: FleetError): FleetError {
  return error.code === "InvalidConfig" ? new FleetError("StoreUnavailable", error.message, { cause: error }) : error
}
