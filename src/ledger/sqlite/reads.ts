/** The reading half of the port over a ledger's file, whoever writes to that. */
import type { RecordedEvent } from "#events/catalog.js"
import { storeError } from "#sqlite/errors.js"
import type { Db } from "#sqlite/open.js"
import { FleetError } from "#kernel/errors.js"
import type { Point, Position } from "#kernel/point.js"
import type { Ledger } from "../port.js"
import { Signal } from "../signal.js"
import { ArchivedEvents } from "./archived.js"
import { faultIn } from "./fault.js"
import { reader } from "./read.js"

/** Events handed to a follower at a time, and about how many characters of them: each follower has its own in memory. */
const followBatch = 1_000
const followCharacters = 2_000_000

export abstract class FileReads {
  /** What the file is called in errors. */
  protected readonly what: string
  /** To be raised whenever there are events that were not there before. */
  protected readonly appended = new Signal()
  protected readonly archived: ArchivedEvents
  /** The last event that anybody is told of, while others are not on the disk yet. */
  protected shown: Point | undefined
  readonly #db: Db
  protected readonly read: ReturnType<typeof reader>
  #closed = false

  constructor(db: Db, what: string) {
    this.#db = db
    this.what = what
    this.archived = new ArchivedEvents(db)
    this.read = reader(db, this.archived)
  }

  async *subscribe(after: Position, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    let position = after
    while (!signal.aborted) {
      const head = this.#head()
      if (head.position <= position) {
        // Nothing can be appended between that look and this wait: both are in one turn of the event loop.
        await this.appended.next(signal)
        continue
      }
      const from = position
      const batch = this.trying(() =>
        this.read.next(from, { upTo: head.position, limit: followBatch, characters: followCharacters }),
      )
      position = batch.at(-1)?.position ?? position
      yield batch
    }
  }

  readonly readStream: Ledger["readStream"] = async (stream, page) => this.trying(() => this.read.stream(stream, page))
  readonly readAll: Ledger["readAll"] = async (page) => this.trying(() => this.read.all(page))
  readonly readAt: Ledger["readAt"] = async (positions) => this.trying(() => this.read.at(positions))
  readonly head: Ledger["head"] = async () => this.#head()
  readonly revisionOf: Ledger["revisionOf"] = async (stream) => this.trying(() => this.read.revisionOf(stream))
  readonly positionAt: Ledger["positionAt"] = async (time) => this.trying(() => this.read.positionAt(time))
  readonly readStored: Ledger["readStored"] = async (page) => this.trying(() => this.read.stored(page))
  readonly nodes: Ledger["nodes"] = async (subtrees) => this.trying(() => this.read.nodes(subtrees))
  readonly timeOf: Ledger["timeOf"] = async (position) => this.trying(() => this.read.timeOf(position))

  readonly fault: Ledger["fault"] = async () => {
    this.mustBeOpen()
    try {
      return await faultIn(this.#db)
    } catch (error) {
      throw storeError(error, this.what)
    }
  }

  #head(): Point {
    return this.trying(() => this.shown ?? this.read.head())
  }

  protected trying<T>(work: () => T): T {
    this.mustBeOpen()
    try {
      return work()
    } catch (error) {
      throw storeError(error, this.what)
    }
  }

  protected get isClosed(): boolean {
    return this.#closed
  }

  protected mustBeOpen(): void {
    if (this.#closed) throw new FleetError("StoreUnavailable", "the ledger is closed")
  }

  /** Whoever follows hears of it. */
  protected closeFile(): void {
    this.#closed = true
    this.archived.forget()
    this.#db.close()
    this.appended.raise()
  }
}
