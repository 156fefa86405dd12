/** Who follows the ledger. A subscriber keeps its own checkpoint, in the transaction that holds what it made of the events. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"

export interface Subscriber {
  readonly name: string
  /** The last position that was handled, −1 at first. */
  checkpoint(): Position
  /** Handles all of the batch or nothing; afterwards the checkpoint is its last position. */
  handle(events: readonly RecordedEvent[]): Promise<void>
}
