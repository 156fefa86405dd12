/** The default engine: one SQLite file, one writer, durable at every commit. */
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { type Db, openStore } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Appended, type Ledger, maxBatch } from "../port.js"
import { prepare } from "../prepare.js"
import { Signal } from "../signal.js"
import { type AppendAll, type PendingAppend, appender } from "./append.js"
import { reader } from "./read.js"
import { ledgerStore } from "./schema.js"

interface Waiting {
  readonly append: PendingAppend
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Events handed to a follower at a time. */
const followBatch = 1_000

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export function openSqliteLedger(file: string, clock: Clock = systemClock): Ledger {
  return new SqliteLedger(file, clock)
}

class SqliteLedger implements Ledger {
  readonly #file: string
  readonly #db: Db
  readonly #appendAll: AppendAll
  readonly #read: ReturnType<typeof reader>
  readonly #appended = new Signal()
  #queue: Waiting[] = []
  #closed = false

  constructor(file: string, clock: Clock) {
    this.#file = file
    this.#db = openStore(file, ledgerStore)
    this.#appendAll = appender(this.#db, clock)
    this.#read = reader(this.#db)
  }

  async append(
    stream: StreamName,
    expectedRevision: number,
    events: readonly NewEvent[],
    command: string,
  ): Promise<Appended> {
    this.#mustBeOpen()
    const append = { stream, expectedRevision, events: prepare(stream, expectedRevision, events, command), command }
    return new Promise((resolve, reject) => {
      // Everything that asks within this turn of the event loop shares one commit.
      if (this.#queue.push({ append, resolve, reject }) === 1) setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    while (this.#queue.length > 0) {
      const group = takeGroup(this.#queue)
      try {
        this.#mustBeOpen()
        const outcomes = this.#appendAll(group.map(({ append }) => append))
        outcomes.forEach((outcome, i) => {
          if (outcome instanceof FleetError) group[i]?.reject(outcome)
          else group[i]?.resolve(outcome)
        })
      } catch (error) {
        const reason = storeError(error, `the ledger ${this.#file}`)
        for (const { reject } of group) reject(reason)
      }
    }
    this.#appended.raise()
  }

  async *subscribe(after: Position, signal: AbortSignal): AsyncIterable<readonly RecordedEvent[]> {
    let position = after
    while (!signal.aborted) {
      const head = this.#reading(() => this.#read.head())
      if (head.position <= position) {
        // Nothing can be appended between that look and this wait: both are in one turn of the event loop.
        await this.#appended.next(signal)
        continue
      }
      const batch = await this.readAll({ after: position, limit: followBatch })
      position = batch.at(-1)?.position ?? position
      yield batch
    }
  }

  readonly readStream: Ledger["readStream"] = async (stream, page) =>
    this.#reading(() => this.#read.stream(stream, page))
  readonly readAll: Ledger["readAll"] = async (page) => this.#reading(() => this.#read.all(page))
  readonly readAt: Ledger["readAt"] = async (positions) => this.#reading(() => this.#read.at(positions))
  readonly head: Ledger["head"] = async () => this.#reading(() => this.#read.head())
  readonly revisionOf: Ledger["revisionOf"] = async (stream) => this.#reading(() => this.#read.revisionOf(stream))
  readonly positionAt: Ledger["positionAt"] = async (time) => this.#reading(() => this.#read.positionAt(time))
  readonly readStored: Ledger["readStored"] = async (page) => this.#reading(() => this.#read.stored(page))
  readonly nodes: Ledger["nodes"] = async (subtrees) => this.#reading(() => this.#read.nodes(subtrees))
  readonly timeOf: Ledger["timeOf"] = async (position) => this.#reading(() => this.#read.timeOf(position))

  #reading<T>(read: () => T): T {
    this.#mustBeOpen()
    try {
      return read()
    } catch (error) {
      throw storeError(error, `the ledger ${this.#file}`)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#db.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new FleetError("StoreUnavailable", "the ledger is closed")
  }
}

/** As many waiting appends as fit a transaction of bounded size; always at least one. */
function takeGroup(queue: Waiting[]): Waiting[] {
  let events = 0
  let taken = 0
  while (taken < queue.length && (taken === 0 || events < maxBatch)) {
    events += queue[taken]?.append.events.length ?? 0
    taken += 1
  }
  return queue.splice(0, taken)
}
