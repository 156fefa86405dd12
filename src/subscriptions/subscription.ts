/**
 * Keeps one subscriber up with the ledger: catches up, then follows live. When its subscriber cannot go on it stops there and says where; what came
 * before stands, and starting again goes on from there.
 *
 *     new ──start──▶ booting ──caught up──▶ active
 *      ▲                │                     │
 *      └─────rest───────┼─────────────────────┤
 *                       ▼                     ▼
 *          paused | failed ──start──▶ booting       stopped: the end
 *
 * Resting, pausing and stopping let the batch at hand be finished, for a bounded time. Whoever takes longer is left, which the state says, and a later
 * start waits for it: a subscriber is never given two batches at once.
 */
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Subscriber } from "./subscriber.js"
import { type Timings, defaultTimings } from "./timings.js"

export type SubscriptionState =
  | Halted<"new">
  | { readonly is: "booting" }
  | { readonly is: "active" }
  | Halted<"paused">
  | { readonly is: "failed"; readonly after: Position; readonly message: string }
  | Halted<"stopped">

/** `message` is there when something was left unfinished. */
interface Halted<S extends string> {
  readonly is: S
  readonly message?: string
}

interface Waiting {
  readonly position: Position
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export interface SubscriptionOptions {
  readonly timings?: Pick<Timings, "sleep" | "drainMs">
  /** Stay `new` until `start` is called. */
  readonly held?: boolean
}

export class Subscription {
  readonly #ledger: Ledger
  readonly #subscriber: Subscriber
  readonly #timings: Pick<Timings, "sleep" | "drainMs">
  #state: SubscriptionState = { is: "new" }
  /** What ends the following that is under way. */
  #abort: AbortController | undefined
  /** Resolves when nothing is at work any more, nor anything that was left. */
  #ended: Promise<void> = Promise.resolve()
  #waiting: Waiting[] = []

  constructor(
    ledger: Ledger,
    subscriber: Subscriber,
    { timings = defaultTimings, held = false }: SubscriptionOptions = {},
  ) {
    this.#ledger = ledger
    this.#subscriber = subscriber
    this.#timings = timings
    if (!held) this.start()
  }

  get name(): string {
    return this.#subscriber.name
  }

  get state(): SubscriptionState {
    return this.#state
  }

  /** The last position that was handled. */
  get position(): Position {
    return this.#subscriber.checkpoint()
  }

  /** How many events there are behind the checkpoint. */
  async lag(): Promise<number> {
    const { position: head } = await this.#ledger.head()
    return Math.max(0, head - this.position)
  }

  /** Begins behind the checkpoint, or goes on from there. Does nothing when it is at work or was stopped. */
  start(): void {
    if (this.#abort !== undefined || this.#state.is === "stopped") return
    this.#state = { is: "booting" }
    const { signal } = (this.#abort = new AbortController())
    this.#ended = this.#ended.then(() => this.#follow(signal))
  }

  /** Back to `new`: it is another's turn. Failed stays failed. */
  rest(): Promise<void> {
    return this.#halt("new")
  }

  /** Until somebody starts it again. Failed stays failed. */
  pause(): Promise<void> {
    return this.#halt("paused")
  }

  /** For good. Failed stays failed. */
  stop(): Promise<void> {
    return this.#halt("stopped")
  }

  /**
   * Resolves once everything up to `position` has been handled.
   * @throws FleetError `ViewsBehind` when that takes longer than `timeoutMs`, or cannot be.
   */
  async reached(position: Position, timeoutMs: number): Promise<void> {
    if (this.#subscriber.checkpoint() >= position) return
    const { is } = this.#state
    if (is === "paused" || is === "failed" || is === "stopped") throw this.#behind()
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        position,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        reject(this.#behind())
      }, timeoutMs)
      this.#waiting.push(waiting)
    })
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      const { position: head } = await this.#ledger.head()
      this.#noteReached(signal, head)
      for await (const batch of this.#ledger.subscribe(this.#subscriber.checkpoint(), signal)) {
        await this.#subscriber.handle(batch, signal)
        this.#noteReached(signal, head)
        // Long catch-ups leave room for everything else that this process does.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      if (!this.#isLiving(signal)) return
      this.#abort = undefined
      this.#state = { is: "failed", after: this.#subscriber.checkpoint(), message: messageOf(error) }
      this.#turnAway()
    }
  }

  /** Not when it was left: what becomes of that is nobody's state any more. */
  #isLiving(signal: AbortSignal): boolean {
    return this.#abort?.signal === signal
  }

  #noteReached(signal: AbortSignal, head: Position): void {
    if (!this.#isLiving(signal)) return
    const reached = this.#subscriber.checkpoint()
    if (this.#state.is === "booting" && reached >= head) this.#state = { is: "active" }
    const ready = this.#waiting.filter(({ position }) => position <= reached)
    this.#waiting = this.#waiting.filter(({ position }) => position > reached)
    for (const { resolve } of ready) resolve()
  }

  async #halt(is: "new" | "paused" | "stopped"): Promise<void> {
    if (this.#isOver) return
    const abort = this.#abort
    abort?.abort()
    const drained = await this.#drained()
    if (this.#isOver) return
    // It was started again meanwhile.
    if (this.#abort !== undefined && this.#abort !== abort) return this.#halt(is)
    this.#abort = undefined
    this.#state = drained ? { is } : { is, message: this.#left() }
    this.#turnAway()
  }

  get #isOver(): boolean {
    return this.#state.is === "failed" || this.#state.is === "stopped"
  }

  /** Whether what is at hand was finished in time. */
  async #drained(): Promise<boolean> {
    const waited = new AbortController()
    const overdue = this.#timings.sleep(this.#timings.drainMs, waited.signal).then(() => false)
    const drained = await Promise.race([this.#ended.then(() => true), overdue])
    waited.abort()
    return drained
  }

  #left(): string {
    return `what is behind position ${this.position} was not done within ${this.#timings.drainMs / 1_000} s and was left`
  }

  #turnAway(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(this.#behind())
  }

  #behind(): FleetError {
    const { name } = this.#subscriber
    const why =
      this.#state.is === "failed"
        ? ` because it stopped after position ${this.#state.after}: ${this.#state.message}`
        : ""
    return new FleetError(
      "ViewsBehind",
      `${name} has not caught up with the ledger${why}; try again, or run "fleet-ledger rebuild"`,
    )
  }
}
