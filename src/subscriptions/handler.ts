/** Who acts upon events: an alert rule, a publisher. A handler decides; how often it is asked, and that it counts once, is not its business. */
import type { Write } from "#ops/checkpoints.js"
import type { EventOf, EventType, RecordedEvent } from "#events/catalog.js"

export interface Handler {
  /** Lower-case words with dashes. Part of the ids of what it appends: another name is another handler. */
  readonly name: string
  /** It is asked about events of these types only. */
  readonly types: readonly EventType[]
  /** Said of one that is not asked about what was there before it was. */
  readonly beginsNow?: true
  /** Said of one that does nothing but append and keep, and knows itself what it has kept: that is written with that of other events. */
  readonly onlyAppends?: true
  /**
   * Acts upon one event. May be asked about the same event again (after a failure, a crash, or when a person says so) and should decide the
   * same then. What it throws is tried again, and in the end set aside.
   */
  handle(event: RecordedEvent, context: HandlerContext): Promise<void>
}

/** What a handler may append: an alert begins a stream of its own, `alert-<id>`, and what becomes of it goes on there. */
export interface Effect {
  readonly alert: string
  readonly event: EventOf<"AlertRaised" | "AlertEscalated" | "AlertResolved">
}

export interface HandlerContext {
  /** Aborts when the handler is told to stop. */
  readonly signal: AbortSignal
  /**
   * Appends effects of the event at hand. Handling the event again appends nothing twice, on any engine: an alert begins once, and each event brings about one of a
   * type on its stream. Should it be decided otherwise then, what was appended first stands. Whoever does not wait shares commits with the events behind this one:
   * it counts as handled when all is there, and is handled again if that fails.
   *
   * @returns whether all of it stands as it was given, and not something that was said before
   * @throws FleetError as the ledger's `append` does
   */
  readonly append: (...effects: readonly Effect[]) => Promise<boolean>
  /** Has something written in the operational store in the transaction that moves the handler's checkpoint behind this event: so it is written once. */
  readonly keep: (write: Write) => void
}
