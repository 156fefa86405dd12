/**
 * Taking over events from another ledger, verbatim. There is no append to several streams, so it is one append for each run of events of one stream: what is
 * refused is refused whole, but what is interrupted leaves a beginning, from whose end an import can go on. Nobody else may write meanwhile.
 */
import { canonicalJson } from "#kernel/canonical-json.js"
import { epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { type AdoptableEvent, adoptable } from "../adoptable.js"
import { type StoredEvent, maxBatch, noStream } from "../port.js"
import type { Copy } from "./copy.js"
import type { Delivery } from "./delivery.js"
import { bytesOf, outgoing } from "./envelope.js"

export interface AdoptPorts {
  readonly copy: Copy
  readonly delivery: Delivery
  readonly maxAppendBytes: number
}

/** @returns takes events over; @throws FleetError as the port's `adopt` does */
export function adopter({
  copy,
  delivery,
  maxAppendBytes,
}: AdoptPorts): (events: readonly StoredEvent[]) => Promise<void> {
  const checkThere = (run: readonly AdoptableEvent[]) => {
    const [first] = run
    if (first === undefined) return
    const { stream, revision } = first.head
    const there = copy.after(stream, revision - 1, run.length)
    const wrong = run.findIndex(({ stored }, index) => {
      const copied = there[index]
      return copied?.position !== stored.position || copied.head !== stored.head || copied.data !== stored.data
    })
    if (wrong === -1) return
    const { position } = run[wrong]?.stored ?? first.stored
    throw new FleetError(
      "LedgerForked",
      `somebody else wrote to the ledger while the event at position ${position} was taken over`,
    )
  }

  const deliver = (run: readonly AdoptableEvent[]) =>
    delivery.limited(async (limit) => {
      const [first] = run
      if (first === undefined) return
      const { stream, revision } = first.head
      const expectedRevision = revision - 1
      const events = run.map(({ stored }) => outgoing(stored.head, stored.data, stored.seal))
      const answer = await delivery.send({ stream, expectedRevision, events }, limit)
      if (answer.is === "written") return
      if (answer.actual !== noStream) await delivery.copied(stream, answer.actual, limit)
      checkThere(run)
    })

  return (events) =>
    delivery.inTurn(async () => {
      const checked = [...adoptable(events, copy.position() + 1, (stream) => copy.revisionOf(stream))]
      let recordedMs = copy.recordedMs()
      for (const { stored, head } of checked) {
        checkCanonical(stored)
        if (epochMs(head.recordedAt) < recordedMs) {
          throw forked(stored, "was recorded before the one in front of it")
        }
        recordedMs = epochMs(head.recordedAt)
      }
      const runs = [...runsOf(checked, maxAppendBytes)]
      for (const run of runs) await deliver(run)
      const last = checked.at(-1)?.head
      if (last === undefined) return
      await delivery.limited((limit) => delivery.copied(last.stream, last.revision, limit))
      for (const run of runs) checkThere(run)
    })
}

/** The cluster keeps values: only of canonical texts the same bytes come back. */
function checkCanonical(event: StoredEvent): void {
  const isCanonical = [event.head, event.data].every((text) => canonicalJson(JSON.parse(text) as JsonObject) === text)
  if (!isCanonical) throw forked(event, "is not canonical JSON")
}

function forked({ position }: StoredEvent, what: string): FleetError {
  return new FleetError("LedgerForked", `the event at position ${position} ${what}`)
}

/** Events of one stream that follow each other, as many as one append takes. */
function* runsOf(events: readonly AdoptableEvent[], maxAppendBytes: number): Iterable<readonly AdoptableEvent[]> {
  let run: AdoptableEvent[] = []
  let bytes = 0
  for (const event of events) {
    const { stored, head } = event
    const size = bytesOf({ head: stored.head, data: stored.data, type: head.type })
    const fits = run.length < maxBatch && bytes + size <= maxAppendBytes
    if (run.length > 0 && (run[0]?.head.stream !== head.stream || !fits)) {
      yield run
      run = []
      bytes = 0
    }
    run.push(event)
    bytes += size
  }
  if (run.length > 0) yield run
}
