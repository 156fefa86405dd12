/**
 * One worker at a time, agreed upon in the cluster: a stream of renewals, each appended at the exact revision of the one before, so that of two who try at
 * once the server lets one through and the other has lost. Nobody's wall clock is asked. The holder takes itself for the holder for as long as the lease is
 * good, counted from before its last renewal was sent; others take over when they have seen no renewal for longer than that, counted from after they saw
 * the last one. So the holder has stopped before anybody else begins, as long as their clocks run at about the same speed.
 */
import { type EventData, jsonEvent } from "@eventstore/db-client"
import * as z from "zod"
import { noStream } from "../port.js"
import type { Signal } from "../signal.js"
import type { Cluster } from "./cluster.js"
import type { ClusterEvent } from "./envelope.js"
import type { StreamNames } from "./streams.js"
import type { Timings } from "./timings.js"

export interface LeasePorts {
  readonly cluster: Cluster
  readonly streams: StreamNames
  readonly timings: Timings
  /** Raised when somebody has written to the lease's stream. */
  readonly leaseMoved: Signal
}

/** What stands in the stream; given back, it is good for 0 ms. */
const renewal = z.object({ holder: z.string(), ttlMs: z.number().nonnegative() })

/** More renewals than these are of no use to anybody. */
const keptRenewals = 100

/** A place in the lease's stream, and until when it counts, by our own clock. */
interface Until {
  readonly revision: number
  readonly ms: number
}

/** A renewal on its way: sent again, it is the same, and counts from when it was sent first. */
interface Renewing {
  readonly expectedRevision: number
  readonly event: EventData
  readonly sentMs: number
}

export class Lease {
  readonly #ports: LeasePorts
  readonly #holder: string
  readonly #stop = new AbortController()
  /** Ends what is waited for at present. */
  #turn = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #running: Promise<void>
  /** Somebody else's. */
  #seen: Until | undefined
  /** Ours. */
  #held: Until | undefined
  #renewing: Renewing | undefined
  /** What listeners know. */
  #told = false

  constructor(ports: LeasePorts, holder: string) {
    this.#ports = ports
    this.#holder = holder
    this.#running = this.#run()
  }

  /** Whether it is this instance, now. */
  readonly isWorker = (): boolean =>
    this.#held !== undefined && this.#ports.timings.monotonic() < this.#held.ms && !this.#stop.signal.aborted

  /** Calls back whenever that has changed. @returns what ends it */
  readonly onChange = (changed: () => void): (() => void) => {
    this.#listeners.add(changed)
    return () => {
      this.#listeners.delete(changed)
    }
  }

  /** Gives it back, so that somebody else has it at once. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { timings, leaseMoved } = this.#ports
    while (!this.#stop.signal.aborted) {
      const turn = (this.#turn = new AbortController())
      const moved = leaseMoved.next(turn.signal)
      let pauseMs = timings.leaseMs / 3
      try {
        await (this.#held === undefined ? this.#tryToTake() : this.#renew(this.#held))
        const end = this.#held?.ms ?? this.#seen?.ms ?? Number.POSITIVE_INFINITY
        pauseMs = Math.max(0, Math.min(pauseMs, end - timings.monotonic()))
      } catch {
        // The cluster is away, which who follows it tells: ours ends by itself, and nobody can take it.
      }
      this.#tell()
      const pause = this.#stop.signal.aborted ? undefined : timings.sleep(pauseMs, turn.signal)
      await (this.#held === undefined ? Promise.race([pause, moved]) : pause)
      turn.abort()
    }
    await this.#giveBack()
  }

  async #tryToTake(): Promise<void> {
    const { cluster, streams, timings } = this.#ports
    const last = await cluster.lastEventOf(streams.lease)
    const revision = last?.revision ?? noStream
    const now = timings.monotonic()
    if (this.#seen?.revision !== revision) this.#seen = { revision, ms: now + this.#patienceMs(last) }
    if (now < this.#seen.ms || this.#stop.signal.aborted) return
    if (await this.#append(revision)) await cluster.keepAtMost(streams.lease, keptRenewals)
  }

  /** How long a renewal that is seen now keeps others away. */
  #patienceMs(event: ClusterEvent | undefined): number {
    const { leaseMs, leaseMarginMs } = this.#ports.timings
    if (event === undefined) return 0
    const read = renewal.safeParse(event.data)
    const ttlMs = read.success ? read.data.ttlMs : leaseMs
    return ttlMs === 0 ? 0 : ttlMs + leaseMarginMs
  }

  async #renew(held: Until): Promise<void> {
    if (this.#ports.timings.monotonic() >= held.ms) this.#held = undefined
    else await this.#append(held.revision)
  }

  /** @returns whether it is ours now */
  async #append(expectedRevision: number): Promise<boolean> {
    const { cluster, streams, timings } = this.#ports
    if (this.#renewing?.expectedRevision !== expectedRevision) {
      const event = this.#event(timings.leaseMs)
      this.#renewing = { expectedRevision, event, sentMs: timings.monotonic() }
    }
    const { event, sentMs } = this.#renewing
    const answer = await cluster.append(streams.lease, expectedRevision, [event])
    this.#renewing = undefined
    if (answer.is === "conflict") {
      this.#held = undefined
      return false
    }
    this.#held = { revision: expectedRevision + 1, ms: sentMs + timings.leaseMs }
    void timings.sleep(timings.leaseMs, this.#stop.signal).then(() => this.#tell())
    this.#tell()
    return true
  }

  async #giveBack(): Promise<void> {
    const { cluster, streams } = this.#ports
    const held = this.#held
    this.#tell()
    if (held === undefined) return
    // Where that fails, others wait until it ends by itself.
    await cluster.append(streams.lease, held.revision, [this.#event(0)]).catch(() => {})
  }

  #event(ttlMs: number): EventData {
    return jsonEvent({ type: ttlMs === 0 ? "LeaseReturned" : "LeaseRenewed", data: { holder: this.#holder, ttlMs } })
  }

  #tell(): void {
    const isWorker = this.isWorker()
    if (isWorker === this.#told) return
    this.#told = isWorker
    for (const changed of this.#listeners) changed()
  }
}
