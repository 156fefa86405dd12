/**
 * Keeps one subscriber up with the ledger: catches up, then follows live. Stops at an event that its subscriber cannot handle and says
 * where; what came before stands.
 */
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Subscriber } from "./subscriber.js"

export type SubscriptionState =
  | { readonly is: "running" }
  | { readonly is: "stopped" }
  | { readonly is: "failed"; readonly after: Position; readonly message: string }

interface Waiting {
  readonly position: Position
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Subscription {
  readonly #subscriber: Subscriber
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #state: SubscriptionState = { is: "running" }
  #waiting: Waiting[] = []

  constructor(ledger: Ledger, subscriber: Subscriber) {
    this.#subscriber = subscriber
    this.#done = this.#run(ledger)
  }

  get state(): SubscriptionState {
    return this.#state
  }

  /**
   * Resolves once everything up to `position` has been handled.
   * @throws FleetError `ViewsBehind` when that takes longer than `timeoutMs`, or cannot be.
   */
  async reached(position: Position, timeoutMs: number): Promise<void> {
    if (this.#subscriber.checkpoint() >= position) return
    if (this.#state.is !== "running") throw this.#behind()
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

  /** Finishes the batch at hand and ends. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  async #run(ledger: Ledger): Promise<void> {
    try {
      for await (const batch of ledger.subscribe(this.#subscriber.checkpoint(), this.#abort.signal)) {
        await this.#subscriber.handle(batch)
        this.#wake()
        // Long catch-ups leave room for everything else that this process does.
        await new Promise((resolve) => setImmediate(resolve))
      }
      this.#state = { is: "stopped" }
    } catch (error) {
      this.#state = { is: "failed", after: this.#subscriber.checkpoint(), message: messageOf(error) }
    }
    for (const { reject } of this.#waiting.splice(0)) reject(this.#behind())
  }

  #wake(): void {
    const reached = this.#subscriber.checkpoint()
    const ready = this.#waiting.filter(({ position }) => position <= reached)
    this.#waiting = this.#waiting.filter(({ position }) => position > reached)
    for (const { resolve } of ready) resolve()
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
