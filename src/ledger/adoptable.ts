/** What events must be to be taken over from another ledger, on every engine: what their leaves say, and the next of all and of their streams. */
import { isEventType } from "#events/catalog.js"
import { epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { type EnvelopeHead, headIn, sealedLeaf } from "./leaf.js"
import { type StoredEvent, noStream } from "./port.js"
import { sameHash } from "./proof/tree.js"

export interface AdoptableEvent {
  readonly stored: StoredEvent
  readonly head: EnvelopeHead
}

/**
 * Checks one event after the other, as they are asked for.
 *
 * @param next the position at which the ledger goes on
 * @param revisionOf of a stream's last event before these; `noStream` without one
 * @throws FleetError `LedgerForked`, `UnknownEventType`
 */
export function* adoptable(
  events: readonly StoredEvent[],
  next: number,
  revisionOf: (stream: StreamName) => number,
): Iterable<AdoptableEvent> {
  const revisions = new Map<StreamName, number>()
  let expected = next
  for (const stored of events) {
    const { position, head: text, data, seal, leaf } = stored
    const forked = (what: string) => new FleetError("LedgerForked", `the event at position ${position} ${what}`)
    if (position !== expected) throw forked(`does not follow: the ledger goes on at position ${expected}`)
    if (!sameHash(sealedLeaf(text, data, seal), leaf)) throw forked("was changed: its leaf is another")
    const head = headIn(text)
    if (head === undefined || Number.isNaN(epochMs(head.recordedAt))) throw forked("has no envelope that can be read")
    const { stream, revision, type } = head
    if (!isEventType(type)) {
      const message = `the event at position ${position} is a "${type}", which this fleet-ledger does not know`
      throw new FleetError("UnknownEventType", message)
    }
    const known = revisions.get(stream) ?? revisionOf(stream)
    if (revision !== known + 1) {
      throw forked(`is number ${revision} of ${stream}, which ${known === noStream ? "is empty" : `is at ${known}`}`)
    }
    revisions.set(stream, revision)
    expected += 1
    yield { stored, head }
  }
}
