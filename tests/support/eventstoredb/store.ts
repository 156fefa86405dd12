/**
 * What the server keeps: streams, and $all through them. Revisions, positions, and the rules by which an append is taken, taken for a
 * repetition, or refused, are those of the server's source (IndexWriter.CheckCommit). In memory; several servers may share one.
 */
import { randomUUID } from "node:crypto"
import { type Clock, epochMs, systemClock } from "#kernel/clock.js"
import { Signal } from "#ledger/signal.js"

export interface ProposedEvent {
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string
  readonly revision: bigint
  /** Commit and prepare at once, in bytes from the start of the log. */
  readonly position: bigint
  /** Milliseconds since 1970. */
  readonly created: number
}

export type Expected = "any" | "no_stream" | "stream_exists" | bigint

export type Appended =
  | { readonly outcome: "written"; readonly revision: bigint; readonly position: bigint }
  /** A stream that does not exist is at revision −1. */
  | { readonly outcome: "conflict"; readonly actual: bigint }
  | { readonly outcome: "deleted" }

/** The keys as the server knows them: seconds, events, and the first revision that is still to be seen. */
export interface StreamMetadata {
  readonly $maxAge?: number
  readonly $maxCount?: number
  readonly $tb?: number
}

/** Before the first event of a stream, and before the first position of $all. */
export const beforeAll = -1n

/** What $tb says of a stream that was deleted but not tombstoned. */
const deletedBefore = 2 ** 63

/** A log does not start with an event, and there is more in it than events: positions have gaps. */
const firstPosition = 128n
const recordBytes = 64

interface Stream {
  events: StoredEvent[]
  last: bigint
  tombstoned: boolean
}

export class Store {
  /** Raised after each append. */
  readonly appended = new Signal()
  readonly #clock: Clock
  readonly #streams = new Map<string, Stream>()
  readonly #ids = new Map<string, StoredEvent>()
  #all: StoredEvent[] = []
  #end = firstPosition

  /** As after its first start: with an event of its own in $all, before anybody's. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.append("$users", "no_stream", [jsonEvent("$User", "admin")])
  }

  /** Every event that is still in the log, in the order of positions. */
  get all(): readonly StoredEvent[] {
    return this.#all
  }

  /** The first event behind the position. */
  next(position: bigint): StoredEvent | undefined {
    let [low, high] = [0, this.#all.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#all[middle]?.position ?? this.#end) <= position) low = middle + 1
      else high = middle
    }
    return this.#all[low]
  }

  /** What a reader of the stream may see, ascending. */
  stream(name: string): readonly StoredEvent[] | "no_stream" | "deleted" {
    const stream = this.#streams.get(name)
    if (stream?.tombstoned === true) return "deleted"
    if (stream === undefined || this.#softlyDeleted(name)) return "no_stream"
    return this.#visible(name, stream)
  }

  append(name: string, expected: Expected, events: readonly ProposedEvent[]): Appended {
    const { last, tombstoned } = this.#streams.get(name) ?? { last: beforeAll, tombstoned: false }
    const softlyDeleted = this.#softlyDeleted(name)
    if (tombstoned || (softlyDeleted && expected === "stream_exists")) return { outcome: "deleted" }
    const repeated = this.#repeated(name, expected, last, events)
    if (repeated !== undefined) return repeated
    if (!fits(expected, last) && !(softlyDeleted && fits(expected, beforeAll))) {
      return { outcome: "conflict", actual: last }
    }
    if (softlyDeleted && events.length > 0) this.setMetadata(name, { $tb: Number(last) + 1 })
    const written = events.map((event) => this.#write(name, event))
    this.appended.raise()
    return {
      outcome: "written",
      revision: last + BigInt(events.length),
      position: written.at(-1)?.position ?? beforeAll,
    }
  }

  /** The stream's metadata from now on: what is not named is unset. */
  setMetadata(name: string, metadata: StreamMetadata): void {
    this.append(`$$${name}`, "any", [jsonEvent("$metadata", metadata)])
  }

  /** The stream looks as if it were not there. It can be written to again, and goes on behind its last revision. */
  delete(name: string): void {
    this.setMetadata(name, { $tb: deletedBefore })
  }

  /** The stream is gone for good, and its name with it. */
  tombstone(name: string): void {
    this.append(name, "any", [jsonEvent("$streamDeleted", {})])
    const stream = this.#streams.get(name)
    if (stream !== undefined) stream.tombstoned = true
  }

  /** Takes out of $all what no reader of a stream can see any more. A stream's last event stays: it holds the revision. */
  scavenge(): void {
    const kept = new Set<StoredEvent>()
    for (const [name, stream] of this.#streams) {
      const seen = this.stream(name)
      const visible = new Set(typeof seen === "string" ? [] : seen)
      stream.events = stream.events.filter((event) => visible.has(event) || event.revision === stream.last)
      for (const event of stream.events) kept.add(event)
    }
    this.#all = this.#all.filter((event) => kept.has(event))
  }

  /**
   * The answer, if the events were written before. They count as written only from the successor of the same expected revision on, or
   * wherever their ids are if any revision would do; when the first is there and another is not, that is a conflict.
   */
  #repeated(name: string, expected: Expected, last: bigint, events: readonly ProposedEvent[]): Appended | undefined {
    let latest: StoredEvent | undefined
    for (const [index, { id }] of events.entries()) {
      const there = this.#there(name, expected, last, index, id)
      if (there === undefined) return latest && { outcome: "conflict", actual: last }
      latest = there
    }
    return latest && { outcome: "written", revision: latest.revision, position: latest.position }
  }

  #there(name: string, expected: Expected, last: bigint, index: number, id: string): StoredEvent | undefined {
    const latest = this.#ids.get(id)
    if (expected === "any" || expected === "stream_exists") return latest?.stream === name ? latest : undefined
    const revision = (expected === "no_stream" ? beforeAll : expected) + 1n + BigInt(index)
    if (revision > last) return undefined
    if (latest?.stream === name && latest.revision === revision) return latest
    return this.#streams.get(name)?.events.find((event) => event.revision === revision && event.id === id)
  }

  #write(name: string, proposed: ProposedEvent): StoredEvent {
    const stream = this.#streams.get(name) ?? { events: [], last: beforeAll, tombstoned: false }
    this.#streams.set(name, stream)
    stream.last += 1n
    const created = epochMs(this.#clock.now())
    const event: StoredEvent = { ...proposed, stream: name, revision: stream.last, position: this.#end, created }
    stream.events.push(event)
    this.#all.push(event)
    this.#ids.set(event.id, event)
    this.#end += BigInt(recordBytes + name.length + event.data.length + event.metadata.length)
    return event
  }

  #visible(name: string, stream: Stream): readonly StoredEvent[] {
    const { $maxAge = Infinity, $maxCount = Infinity, $tb = 0 } = this.#metadata(name)
    const first = Math.max($tb, Number(stream.last) + 1 - $maxCount)
    const since = epochMs(this.#clock.now()) - $maxAge * 1000
    return stream.events.filter(({ revision, created }) => Number(revision) >= first && created >= since)
  }

  #softlyDeleted(name: string): boolean {
    return this.#metadata(name).$tb === deletedBefore
  }

  #metadata(name: string): StreamMetadata {
    const latest = this.#streams.get(`$$${name}`)?.events.at(-1)
    return latest === undefined ? {} : (JSON.parse(Buffer.from(latest.data).toString("utf8")) as StreamMetadata)
  }
}

function fits(expected: Expected, last: bigint): boolean {
  switch (expected) {
    case "any":
      return true
    case "no_stream":
      return last === beforeAll
    case "stream_exists":
      return last !== beforeAll
    default:
      return expected === last
  }
}

/** An event as a client would propose it, with an id of its own unless it is given one. */
export function jsonEvent(type: string, data: unknown, metadata?: unknown, id: string = randomUUID()): ProposedEvent {
  return { id, type, contentType: "application/json", data: jsonBytes(data), metadata: jsonBytes(metadata) }
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(value === undefined ? "" : JSON.stringify(value), "utf8")
}
