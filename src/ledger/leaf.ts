/**
 * The bytes of an event: what is stored, what is hashed, and how the two hang together. Final: every proof ever given depends on it.
 *
 *     dataHash = SHA-256(salt ‖ JCS(data))
 *     entry    = JCS({ dataHash: hex(dataHash), …envelope without data })
 *     leaf     = SHA-256(0x00 ‖ entry)                                     RFC 6962 §2.1
 */
import * as crypto from "node:crypto"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Instant } from "#kernel/clock.js"
import type { EventId, StreamName } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"

/** The envelope without its payload and position. */
export interface EnvelopeHead {
  readonly id: EventId
  readonly stream: StreamName
  readonly revision: number
  readonly type: string
  readonly schemaVersion: number
  readonly metadata: JsonObject
  readonly occurredAt?: Instant
  readonly observedAt: Instant
  readonly recordedAt: Instant
}

/** The head in a text that may be anybody's; undefined where it has none. */
export function headIn(text: string): EnvelopeHead | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== "object" || value === null) return undefined
  const { stream, revision, type, recordedAt } = value as Partial<Record<keyof EnvelopeHead, unknown>>
  const isWhole = [stream, type, recordedAt].every((member) => typeof member === "string")
  return isWhole && Number.isSafeInteger(revision) ? (value as EnvelopeHead) : undefined
}

/** Bytes of salt per event. */
export const saltBytes = 16

/** The head as text in the making: all that is known before the writer stamps `recordedAt`, around the place where that goes. */
export interface HeadText {
  readonly before: string
  readonly after: string
}

/**
 * JCS of the head, given JCS of its metadata; names of streams and types stand in JSON as they are. Written out because it is made for every event; its test compares it with `canonicalJson`.
 */
export function headText(head: Omit<EnvelopeHead, "metadata" | "recordedAt">, metadataText: string): HeadText {
  const occurred = head.occurredAt === undefined ? "" : `"occurredAt":"${head.occurredAt}",`
  return {
    before: `{"id":"${head.id}","metadata":${metadataText},"observedAt":"${head.observedAt}",${occurred}"recordedAt":"`,
    after: `","revision":${head.revision},"schemaVersion":${head.schemaVersion},"stream":"${head.stream}","type":"${head.type}"}`,
  }
}

export function stamped({ before, after }: HeadText, recordedAt: Instant): string {
  return before + recordedAt + after
}

let scratch = Buffer.allocUnsafe(64 * 1024)

/** In hexadecimal. */
export function dataHash(salt: Uint8Array, dataText: string): string {
  // A UTF-16 unit takes three bytes at most.
  const room = salt.length + dataText.length * 3
  if (room > scratch.length) scratch = Buffer.allocUnsafe(room)
  scratch.set(salt)
  const end = salt.length + scratch.write(dataText, salt.length, "utf8")
  return crypto.hash("sha256", scratch.subarray(0, end), "hex")
}

/** `dataHash` sorts before every other member, so the entry is the head's text with one member put in front. */
export function entryText(head: string, hashOfData: string): string {
  return `{"dataHash":"${hashOfData}",${head.slice(1)}`
}

export function leafHash(entry: string): Buffer {
  // As text of single bytes it comes out of the hash twice as fast as as a buffer.
  return Buffer.from(crypto.hash("sha256", `\0${entry}`, "binary"), "binary")
}

/** What a leaf commits to the payload with: its salt; or, once it is redacted, the hash that it had. */
export type Seal = { readonly salt: Uint8Array } | { readonly dataHash: Uint8Array }

/** The leaf of an event as it is kept. */
export function sealedLeaf(head: string, data: string, seal: Seal): Buffer {
  const hash = "salt" in seal ? dataHash(seal.salt, data) : Buffer.from(seal.dataHash).toString("hex")
  return leafHash(entryText(head, hash))
}

/** The leaf of an event from its readable parts, as an auditor would compute it. */
export function leafOf(head: EnvelopeHead, data: JsonObject, salt: Uint8Array): Buffer {
  return leafHash(entryText(canonicalJson(head), dataHash(salt, canonicalJson(data))))
}
