/** Who follows the ledger. A subscriber keeps its own checkpoint, in the transaction that holds what it made of the events. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"

export interface Subscriber {
  readonly name: string
  /** The last position that was handled, −1 at first. */
  checkpoint(): Position
  /**
   * Handles a batch; afterwards the checkpoint is its last position. If it throws, or stops early because `signal` aborts, the checkpoint says how far it
   * came: what is before stands, what is behind is as if it had never been given.
   */
  handle(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>
}
