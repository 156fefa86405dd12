/** Appending: what the cluster says decides nothing alone, the answer is made of what the copy then holds at that place, as on any engine. */
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { type PendingAppend, alreadyThere } from "../already-there.js"
import { stamped } from "../leaf.js"
import { type Appended, noStream } from "../port.js"
import type { PreparedEvent } from "../prepare.js"
import { saltPool } from "../salts.js"
import type { Cluster } from "./cluster.js"
import type { Copy } from "./copy.js"
import type { Delivery } from "./delivery.js"
import { bytesOf, outgoing } from "./envelope.js"
import type { StreamNames } from "./streams.js"

export interface AppendPorts {
  readonly cluster: Cluster
  readonly copy: Copy
  readonly delivery: Delivery
  readonly streams: StreamNames
  readonly clock: Clock
  /** Most bytes in one append. */
  readonly maxAppendBytes: number
}

/** What the cluster knows: the stream is at a revision; the salt of the append's first event, if it may be what brought it there. */
interface Sent {
  readonly revision: number
  readonly salt?: Uint8Array
}

/** @returns appends; @throws FleetError as the port's `append` does */
export function appender(ports: AppendPorts): (pending: PendingAppend) => Promise<Appended> {
  const { cluster, copy, delivery, streams, clock, maxAppendBytes } = ports
  const salts = saltPool()
  let lastRecordedMs = 0

  /** Not before anything that this process knows of. */
  const now = (): Instant => {
    lastRecordedMs = Math.max(epochMs(clock.now()), copy.recordedMs(), lastRecordedMs)
    return instant(lastRecordedMs)
  }

  const send = async ({ stream, expectedRevision, events }: PendingAppend, limit: AbortSignal): Promise<Sent> => {
    const recordedAt = now()
    const sealed = events.map((event) => ({ event, salt: Uint8Array.from(salts.next()) }))
    const batch = sealed.map(({ event, salt }) => outgoing(stamped(event.head, recordedAt), event.dataText, { salt }))
    const answer = await delivery.send({ stream, expectedRevision, events: batch }, limit)
    if (answer.is === "conflict") return { revision: answer.actual }
    const [first] = sealed
    return { revision: expectedRevision + events.length, ...(first === undefined ? {} : { salt: first.salt }) }
  }

  const look = async (stream: StreamName, limit: AbortSignal): Promise<Sent> => {
    const last = await delivery.trying(() => cluster.lastEventOf(streams.inCluster(stream)), limit)
    return { revision: last?.revision ?? noStream }
  }

  const answer = (pending: PendingAppend, { revision, salt }: Sent): Appended => {
    const { stream, expectedRevision, events } = pending
    if (events.length === 0 && revision === expectedRevision) return { revision, position: copy.position() }
    const stored = copy.after(stream, expectedRevision, events.length + 1)
    const [first, last] = [stored[0], stored[events.length - 1]]
    // The server takes the same ids for the same append, whatever is in them: only the salt shows that it was this one.
    const isOurs =
      salt !== undefined && first?.salt !== undefined && first.salt !== null && Buffer.compare(first.salt, salt) === 0
    if (isOurs && last !== undefined) return { revision, position: last.position }
    const outcome = alreadyThere(pending, revision, stored)
    if (outcome instanceof FleetError) throw outcome
    return outcome
  }

  return async (pending) => {
    const { stream, events } = pending
    checkSize(stream, events, maxAppendBytes)
    return delivery.limited(async (limit) => {
      const sent = await delivery.inTurn(() => (events.length === 0 ? look(stream, limit) : send(pending, limit)))
      await delivery.copied(stream, sent.revision, limit)
      return answer(pending, sent)
    })
  }
}

/** An append is atomic, so it can't be split; refused here, nothing of it is written. */
function checkSize(stream: StreamName, events: readonly PreparedEvent[], limit: number): void {
  const bytes = events.reduce(
    (sum, { head, dataText: data, type }) => sum + bytesOf({ head: head.before + head.after, data, type }),
    0,
  )
  if (bytes <= limit) return
  throw new FleetError(
    "SchemaViolation",
    `an append of ${bytes} bytes to ${stream} is over the limit of ${limit} for one append to EventStoreDB; append in several batches`,
    { details: { bytes, limit } },
  )
}
