/** Taking over events from another ledger, verbatim: what an import does. Each must be what its leaf says, and the next of all and of its stream. */
import { isEventType } from "#events/catalog.js"
import { epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type EnvelopeHead, sealedLeaf } from "../leaf.js"
import { type StoredEvent, noStream } from "../port.js"
import { sameHash } from "../proof/tree.js"
import type { Names, Writer } from "./write.js"

/** @throws FleetError `LedgerForked`, `UnknownEventType`, or whatever SQLite throws; then nothing was written */
export function adopter({ streams, types, revisionOf, transaction }: Writer): (events: readonly StoredEvent[]) => void {
  return (events) =>
    transaction(({ last, lastRecordedMs, write }) => {
      let [next, recordedMs] = [last + 1, lastRecordedMs]
      const revisions = new Map<number, number>()
      for (const { position, head, data, seal, leaf } of events) {
        const forked = (what: string) => new FleetError("LedgerForked", `the event at position ${position} ${what}`)
        if (position !== next) throw forked(`does not follow: the ledger goes on at position ${next}`)
        if (!sameHash(sealedLeaf(head, data, seal), leaf)) throw forked("was changed: its leaf is another")
        const { stream, revision, type, recordedAt } = JSON.parse(head) as EnvelopeHead
        if (!isEventType(type)) {
          const message = `the event at position ${position} is a "${type}", which this fleet-ledger does not know`
          throw new FleetError("UnknownEventType", message)
        }
        const streamNo = numberOf(streams, stream)
        const known = revisions.get(streamNo) ?? revisionOf(streamNo)
        if (revision !== known + 1) {
          throw forked(
            `is number ${revision} of ${stream}, which ${known === noStream ? "is empty" : `is at ${known}`}`,
          )
        }
        revisions.set(streamNo, revision)
        recordedMs = Math.max(recordedMs, epochMs(recordedAt))
        const [salt, dataHash] = "salt" in seal ? [seal.salt, null] : [null, seal.dataHash]
        write({ streamNo, revision, typeNo: numberOf(types, type), recordedMs, head, data, leaf, salt, dataHash })
        next += 1
      }
    })
}

function numberOf(names: Names, name: string): number {
  return names.find(name) ?? names.add(name)
}
