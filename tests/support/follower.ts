/** Reads a subscription in the background, so that a test can do other things and then wait for what must have arrived. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"

export class Follower {
  readonly events: RecordedEvent[] = []
  /** Settles when the iteration ends. */
  readonly ended: Promise<void>
  readonly #stop = new AbortController()
  #arrived = () => {}

  constructor(ledger: Ledger, after: Position = origin) {
    this.ended = this.#follow(ledger, after)
  }

  async #follow(ledger: Ledger, after: Position): Promise<void> {
    for await (const batch of ledger.subscribe(after, this.#stop.signal)) {
      this.events.push(...batch)
      this.#arrived()
    }
  }

  /** Waits until so many events have arrived. Rejects when the iteration fails or ends before. */
  async count(wanted: number): Promise<void> {
    const ended = this.ended.then(() => {
      throw new Error(`the subscription ended after ${this.events.length} of ${wanted} events`)
    })
    while (this.events.length < wanted) {
      await Promise.race([ended, new Promise<void>((resolve) => (this.#arrived = resolve))])
    }
    ended.catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.ended
  }
}
