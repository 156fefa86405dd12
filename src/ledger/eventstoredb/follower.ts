/**
 * Keeps the copy up with the cluster, session after session. Whatever ends one (a drop, silence, a restart), the next begins behind the last event that was
 * copied, so nothing is lost and nothing comes twice.
 *
 *     connecting ──confirmed──▶ following ──failed──▶ waiting ──back-off──▶ connecting
 */
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { Signal } from "../signal.js"
import { noAnswer } from "./errors.js"
import { Session, type SessionPorts } from "./session.js"
import { backOff } from "./timings.js"

export type FollowingState =
  | { readonly is: "connecting"; readonly since: Instant }
  | { readonly is: "following"; readonly since: Instant }
  | { readonly is: "waiting"; readonly since: Instant; readonly reason: string }

export interface FollowerPorts extends SessionPorts {
  readonly clock: Clock
  /** Hears of every batch that was copied. */
  readonly copied: () => void
  readonly leaseMoved: () => void
}

export class Follower {
  readonly #ports: FollowerPorts
  readonly #changed = new Signal()
  readonly #stop = new AbortController()
  #session = new AbortController()
  #state: FollowingState
  /** Why it waits, or waited before the present attempt. */
  #trouble: FleetError | undefined
  #failures = 0
  #hasCaughtUp = false
  #running: Promise<void> = Promise.resolve()

  constructor(ports: FollowerPorts) {
    this.#ports = ports
    this.#state = { is: "connecting", since: ports.clock.now() }
  }

  get state(): FollowingState {
    return this.#state
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#session.abort()
    await this.#running
  }

  /** Begins another session, as the present one is not to be trusted. */
  renew(): void {
    this.#session.abort()
  }

  /**
   * Resolves once the copy has all that was in the cluster when it was first reached.
   * @throws FleetError why it cannot be followed: at once where waiting would not help, else after `openMs`
   */
  async caughtUp(): Promise<void> {
    const { timings, cluster } = this.#ports
    const [opened, patience] = [new AbortController(), new AbortController()]
    void timings.sleep(timings.openMs, opened.signal).then(() => patience.abort())
    try {
      while (!this.#hasCaughtUp) {
        const isOver = patience.signal.aborted
        if (this.#trouble !== undefined && (isOver || !this.#trouble.retryable)) throw this.#trouble
        if (isOver && this.#state.is !== "following") throw noAnswer(cluster.peer, timings.openMs)
        await this.#changed.next(isOver ? this.#stop.signal : patience.signal)
      }
    } finally {
      opened.abort()
    }
  }

  /**
   * Resolves once the cluster is followed, or when `signal` aborts.
   * @returns what is in the way, if it is not followed then
   * @throws FleetError when nothing may be appended, as the copy does not fit
   */
  async following(signal: AbortSignal): Promise<FleetError | undefined> {
    while (this.#state.is !== "following" && !signal.aborted) {
      if (this.#trouble?.kind === "data") throw this.#trouble
      await this.#changed.next(signal)
    }
    return this.#state.is === "following" ? undefined : this.#trouble
  }

  /** Resolves once the copy has this revision of the stream, or when `signal` aborts. @returns whether it has it */
  async has(stream: StreamName, revision: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (this.#ports.copy.revisionOf(stream) >= revision) return true
      await this.#changed.next(signal)
    }
    return false
  }

  async #run(): Promise<void> {
    const { clock, timings } = this.#ports
    while (!this.#stop.signal.aborted) {
      this.#session = new AbortController()
      try {
        await this.#follow(this.#session.signal)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#failures += 1
        this.#trouble = error instanceof FleetError ? error : new FleetError("StoreUnavailable", messageOf(error))
        this.#become({ is: "waiting", since: clock.now(), reason: this.#trouble.message })
        await timings.sleep(backOff(timings, this.#failures), this.#stop.signal)
        this.#become({ is: "connecting", since: clock.now() })
      }
    }
  }

  /** A session that ends without an error is followed by the next without anybody noticing. */
  #follow(signal: AbortSignal): Promise<void> {
    const session = new Session(this.#ports, {
      confirmed: () => {
        // What was wrong with the data comes up again behind this, or does not.
        if (this.#trouble?.kind !== "data") this.#follows()
      },
      copied: () => {
        this.#failures = 0
        this.#ports.copied()
        this.#changed.raise()
      },
      caughtUp: () => {
        this.#failures = 0
        this.#hasCaughtUp = true
        this.#follows()
      },
      leaseMoved: this.#ports.leaseMoved,
    })
    return session.run(signal)
  }

  #follows(): void {
    this.#trouble = undefined
    if (this.#state.is === "following") this.#changed.raise()
    else this.#become({ is: "following", since: this.#ports.clock.now() })
  }

  #become(state: FollowingState): void {
    this.#state = state
    this.#changed.raise()
  }
}
