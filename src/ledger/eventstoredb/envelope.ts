/**
 * An event of ours as one of EventStoreDB's, and back. The payload is the event's data and readable there; its metadata holds what our envelope has besides,
 * and what the leaf commits to the payload with:
 *
 *     { "metadata": { "actor": … }, "observedAt": …, "occurredAt": …, "recordedAt": …, "schemaVersion": 1, "salt": base64 }
 *
 * The server and its client keep values, not bytes; as canonical JSON is a function of the value, the same bytes come of it for whoever reads it.
 */
import { type EventData, jsonEvent } from "@eventstore/db-client"
import * as z from "zod"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { EventId, StreamName } from "#kernel/ids.js"
import { type EnvelopeHead, type HeadText, type Seal, headText } from "../leaf.js"

/** An event as the cluster keeps it. */
export interface ClusterEvent {
  /** With the prefix of this ledger. */
  readonly stream: string
  readonly revision: number
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: unknown
  /** Where it is in the cluster's log; servers before 22.6 don't say where one stream is read. */
  readonly place: Place | undefined
}

export interface Place {
  readonly commit: bigint
  readonly prepare: bigint
}

/** What came from the cluster and is one of ours. */
export interface IncomingEvent {
  readonly stream: StreamName
  readonly revision: number
  readonly id: EventId
  readonly type: string
  /** When its writer stamped it. */
  readonly recordedAt: Instant
  readonly head: HeadText
  readonly data: string
  readonly seal: Seal
  readonly place: Place
}

/**
 * @param head canonical JSON of the envelope
 * @param data canonical JSON of the payload
 */
export function outgoing(head: string, data: string, seal: Seal): EventData {
  const { id, type, stream: _, revision: __, ...envelope } = JSON.parse(head) as EnvelopeHead
  const sealed =
    "salt" in seal
      ? { salt: Buffer.from(seal.salt).toString("base64") }
      : { dataHash: Buffer.from(seal.dataHash).toString("base64") }
  return jsonEvent({
    id,
    type,
    data: JSON.parse(data) as Record<string, unknown>,
    metadata: { ...envelope, ...sealed },
  })
}

/** Not less than what the server counts for an event: data, metadata and two bytes for each character of the type. */
export function bytesOf({
  head,
  data,
  type,
}: {
  readonly head: string
  readonly data: string
  readonly type: string
}): number {
  // The head holds all that the metadata will hold, and an id that is longer than the salt.
  return Buffer.byteLength(head) + Buffer.byteLength(data) + 2 * type.length
}

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const base64 = z.string().regex(/^[A-Za-z0-9+/]+=*$/)
const written = z.object({
  metadata: z.looseObject({}),
  observedAt: time,
  occurredAt: time.optional(),
  recordedAt: time,
  schemaVersion: z.int().positive(),
  salt: base64.optional(),
  dataHash: base64.optional(),
})

/** @throws FleetError `StoreDamaged` for what is not ours */
export function incoming(event: ClusterEvent, stream: StreamName, place: Place): IncomingEvent {
  const { revision, type } = event
  const checked = written.safeParse(event.metadata)
  const seal = checked.success ? sealOf(checked.data) : undefined
  if (!checked.success || seal === undefined || typeof event.data !== "object" || event.data === null) {
    throw new FleetError(
      "StoreDamaged",
      `event ${revision} of the stream ${event.stream} in EventStoreDB was not written by fleet-ledger; only it may write to its streams`,
    )
  }
  const { metadata, observedAt, occurredAt, recordedAt, schemaVersion } = checked.data
  const id = event.id as EventId
  const times = {
    observedAt: observedAt as Instant,
    ...(occurredAt === undefined ? {} : { occurredAt: occurredAt as Instant }),
  }
  return {
    stream,
    revision,
    id,
    type,
    recordedAt: recordedAt as Instant,
    head: headText({ id, stream, revision, type, schemaVersion, ...times }, canonicalJson(metadata)),
    data: canonicalJson(event.data),
    seal,
    place,
  }
}

function sealOf({ salt, dataHash }: z.infer<typeof written>): Seal | undefined {
  if (salt !== undefined) return { salt: Buffer.from(salt, "base64") }
  return dataHash === undefined ? undefined : { dataHash: Buffer.from(dataHash, "base64") }
}
