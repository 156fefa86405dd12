/** Identifiers. Names of things are derived (RFC 9562 UUIDv5), so that finding a thing again gives it the same name. */
import * as crypto from "node:crypto"

/** A record's id, and a target's or service's: that of its oldest record. */
export type RecordId = string & { readonly __brand: "RecordId" }
/** `<family>-<id>` or a single word, e.g. `target-5f0c…`, `policy`. */
export type StreamName = string & { readonly __brand: "StreamName" }
export type EventId = string & { readonly __brand: "EventId" }
export type RunId = string & { readonly __brand: "RunId" }

/** Namespaces of this project, themselves random once and fixed for ever. */
const namespaces = {
  record: "0b9d5c2e-6a0f-4a3b-9a55-3d3d2f6f4c01",
  event: "7c1e0f5a-1d7b-4b8e-8f0a-5b0a4f4f9d02",
} as const

const namespaceBytes = {
  record: Buffer.from(namespaces.record.replaceAll("-", ""), "hex"),
  event: Buffer.from(namespaces.event.replaceAll("-", ""), "hex"),
}

function uuidv5(namespace: keyof typeof namespaces, name: string): string {
  const digest = crypto.createHash("sha1").update(namespaceBytes[namespace]).update(name, "utf8").digest()
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  const hex = digest.toString("hex", 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** `\n` separates: it stands in no source name and in no stream name. */
export function recordId(source: string, kind: string, nativeKey: string, generation = 0): RecordId {
  return uuidv5("record", [source, kind, nativeKey, generation].join("\n")) as RecordId
}

/**
 * The id of the event that `command` writes as number `index` of an append to `stream` at `expectedRevision` (−1: the stream is new).
 * A retry of the same append derives the same ids.
 */
export function eventId(stream: StreamName, expectedRevision: number, command: string, index: number): EventId {
  return uuidv5("event", [stream, expectedRevision, command, index].join("\n")) as EventId
}

export function newRunId(): RunId {
  return crypto.randomUUID() as RunId
}
