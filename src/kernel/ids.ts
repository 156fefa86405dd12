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
  record: Buffer.from("0b9d5c2e6a0f4a3b9a553d3d2f6f4c01", "hex"),
  event: Buffer.from("7c1e0f5a1d7b4b8e8f0a5b0a4f4f9d02", "hex"),
  effect: Buffer.from("ec7be5b9f989406e90323108aed0d16d", "hex"),
  content: Buffer.from("4c7df0a2c9f54d0f8b0fb1a51e6a7d05", "hex"),
  check: Buffer.from("9a3be0716c5d4f8aa1d4c27b5e0f6b08", "hex"),
  baseline: Buffer.from("c5e2f81b40d74a6d9b1e7f3308ad5c21", "hex"),
} as const

let scratch = Buffer.allocUnsafe(1_024)

function uuidv5(namespace: keyof typeof namespaces, name: string): string {
  const prefix = namespaces[namespace]
  // A UTF-16 unit takes three bytes at most.
  const room = prefix.length + name.length * 3
  if (room > scratch.length) scratch = Buffer.allocUnsafe(room)
  scratch.set(prefix)
  const end = prefix.length + scratch.write(name, prefix.length, "utf8")
  const digest = crypto.hash("sha1", scratch.subarray(0, end), "hex")
  const variant = ((Number.parseInt(digest[16] as string, 16) & 0x3) | 0x8).toString(16)
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
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

/** The id of the alert that a rule raises about something because of the event `cause`; the same again, however often that is handled. */
export function alertId(rule: string, subject: string, cause: EventId): string {
  return uuidv5("effect", [rule, subject, cause].join("\n"))
}

/** The id of something that is given out, by all that it is made from. */
export function contentId(madeFrom: string): string {
  return uuidv5("content", madeFrom)
}

/** The id of a check at its place: what it is called, and the entity that it says something of, if there is one. */
export function checkId(name: string, about: string | undefined): string {
  return uuidv5("check", [name, about ?? ""].join("\n"))
}

/** The id of a baseline, by what it is called. */
export function baselineId(name: string): string {
  return uuidv5("baseline", name)
}

export function newRunId(): RunId {
  return crypto.randomUUID() as RunId
}
