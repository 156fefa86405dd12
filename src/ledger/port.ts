/**
 * Where events are kept. One port, several engines: positions, roots and links mean the same on each, and the contract suite in
 * tests/contract holds every engine to every sentence below.
 */
import type { EventType, NewEvent, RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { StreamName } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { Point, Position } from "#kernel/point.js"
import type { Archives } from "./archive/archives.js"
import type { Seal } from "./leaf.js"
import type { Hash, Subtree } from "./proof/tree.js"

/** The expected revision of a stream that does not exist yet. */
export const noStream = -1

/**
 * Most events in one append, and most bytes of one event (canonical JSON of payload and envelope, UTF-8). An engine may have a limit for the bytes of a whole
 * append, too, of no less than what one event may have.
 */
export const maxBatch = 5_000
export const maxEventBytes = 900_000

/** What an append answers: also the token that a read can wait for (`position`). */
export interface Appended {
  /** Revision of the stream after this append. */
  readonly revision: number
  /** Position of the last event that it wrote; the head if it wrote none. */
  readonly position: Position
}

export interface ReadAll {
  /** Exclusive: the position already known; −1 to read from the start. */
  readonly after: Position
  /** Inclusive. */
  readonly upTo?: Position
  readonly types?: readonly EventType[]
  readonly limit: number
}

export interface ReadStream {
  /** Inclusive; the stream's end when it is read backwards, else its beginning, unless given. */
  readonly from?: number
  readonly limit: number
  /** Newest first. */
  readonly backwards?: boolean
}

/** An event as it is kept, bytes and all: what proofs, exports and imports are made of. */
export interface StoredEvent {
  readonly position: Position
  /** Canonical JSON of the envelope without payload and position. */
  readonly head: string
  /** Canonical JSON of the payload, or of what a redaction left of it. */
  readonly data: string
  readonly seal: Seal
  readonly leaf: Hash
}

/** With what reads go by, which is kept beside it and must be what its envelope says. */
export interface IndexedEvent extends StoredEvent {
  readonly indexed: {
    readonly stream: string
    readonly revision: number
    readonly type: string
    readonly recordedAt: Instant
  }
}

export interface RedactedPayload {
  readonly position: Position
  readonly data: JsonObject
}

/** The stream that tells of the ledger itself. */
export const ledgerStream = "ledger" as StreamName

export interface Ledger {
  /**
   * Appends all events or none, durably, at exactly `expectedRevision` (`noStream` for a new stream). `command` names what is being done:
   * the identical call again answers what it answered the first time.
   *
   * @throws FleetError `RevisionConflict` (with `details.actual`), `EventIdReused` (the same command came with other content),
   *   `SchemaViolation`, `UnknownEventType`, `StoreUnavailable`
   */
  append(stream: StreamName, expectedRevision: number, events: readonly NewEvent[], command: string): Promise<Appended>

  /** A page of one stream. A stream that does not exist is empty. */
  readStream(stream: StreamName, page: ReadStream): Promise<readonly RecordedEvent[]>

  /** A page of everything, oldest first. */
  readAll(page: ReadAll): Promise<readonly RecordedEvent[]>

  /** The events at these positions, in the order of the positions given; positions beyond the head are left out. */
  readAt(positions: readonly Position[]): Promise<readonly RecordedEvent[]>

  /** Batches of everything after a position, first what is there, then what comes, without loss or repetition, until `signal` aborts. */
  subscribe(after: Position, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]>

  /** The last event's position and time; of an empty ledger −1 and the epoch. */
  head(): Promise<Point>

  /** Revision of the stream's last event, `noStream` if there is none. */
  revisionOf(stream: StreamName): Promise<number>

  /** The last position recorded at or before `time`; −1 if there is none. */
  positionAt(time: Instant): Promise<Position>

  /** When the event at this position was recorded. */
  timeOf(position: Position): Promise<Instant>

  /** A page of what is stored, oldest first: also what stands where no event belongs, if it is asked for. */
  readStored(page: Omit<ReadAll, "types">): Promise<readonly IndexedEvent[]>

  /**
   * Takes over events as another ledger keeps them, bytes and all, at the positions they have there: the next ones of this ledger. All or none.
   *
   * @throws FleetError `LedgerForked` if they are not the next ones, or one is not what its leaf says; `UnknownEventType`, `StoreUnavailable`
   */
  adopt(events: readonly StoredEvent[]): Promise<void>

  /**
   * Puts what a redaction leaves in the place of payloads, keeps of each only what its leaf commits to, and appends the event that says so: all or nothing.
   *
   * @throws FleetError `Forbidden` where stored bytes can't be taken away; else as `append`
   */
  redact(left: readonly RedactedPayload[], told: NewEvent, expectedRevision: number): Promise<Appended>

  /** Roots of complete subtrees of the Merkle tree over the leaves. @throws FleetError `NotFound` for one that is not complete yet */
  nodes(subtrees: readonly Subtree[]): Promise<readonly Hash[]>

  /** What the engine finds wrong with how it keeps the events here, indices by which they are found among it; undefined if nothing. */
  fault(): Promise<string | undefined>

  /** What of it is in archives. */
  readonly archives: Archives

  close(): Promise<void>
}
