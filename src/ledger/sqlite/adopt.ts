/** Taking over events from another ledger, verbatim: what an import does. */
import { epochMs } from "#kernel/clock.js"
import { adoptable } from "../adoptable.js"
import { type StoredEvent, noStream } from "../port.js"
import { type Writer, numberOf } from "./write.js"

/** @throws FleetError `LedgerForked`, `UnknownEventType`, or whatever SQLite throws; then nothing was written */
export function adopter({ streams, types, revisionOf, transaction }: Writer): (events: readonly StoredEvent[]) => void {
  const lastOf = (stream: string): number => {
    const streamNo = streams.find(stream)
    return streamNo === undefined ? noStream : revisionOf(streamNo)
  }
  return (events) =>
    transaction(({ last, lastRecordedMs, write }) => {
      let recordedMs = lastRecordedMs
      for (const { stored, head } of adoptable(events, last + 1, lastOf)) {
        const { seal, head: text, data, leaf } = stored
        const { revision } = head
        recordedMs = Math.max(recordedMs, epochMs(head.recordedAt))
        const [streamNo, typeNo] = [numberOf(streams, head.stream), numberOf(types, head.type)]
        const [salt, dataHash] = "salt" in seal ? [seal.salt, null] : [null, seal.dataHash]
        write({ streamNo, revision, typeNo, recordedMs, head: text, data, leaf, salt, dataHash })
      }
    })
}
