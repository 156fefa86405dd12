/** The default engine: one SQLite file, one writer, durable at every commit. */
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { type Db, openStore } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Appended, type Ledger, type RedactedPayload, type StoredEvent, ledgerStream, maxBatch } from "../port.js"
import { prepare } from "../prepare.js"
import { Signal } from "../signal.js"
import { adopter } from "./adopt.js"
import { type AppendAll, type PendingAppend, appender } from "./append.js"
import { reader } from "./read.js"
import { redacter } from "./redact.js"
import { ledgerStore } from "./schema.js"
import { writer } from "./write.js"

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
  readonly #adopt: (events: readonly StoredEvent[]) => void
  readonly #redact: (left: readonly RedactedPayload[], told: PendingAppend) => Appended
  readonly #read: ReturnType<typeof reader>
  readonly #appended = new Signal()
  #queue: Waiting[] = []
  #closed = false

  constructor(file: string, clock: Clock) {
    this.#file = file
    this.#db = openStore(file, ledgerStore)
    // What a redaction takes out of a page is overwritten there.
    this.#db.pragma("secure_delete = ON")
    const writing = writer(this.#db)
    this.#appendAll = appender(this.#db, writing, clock)
    this.#adopt = adopter(writing)
    this.#redact = redacter(this.#db, this.#appendAll)
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
      const head = this.#trying(() => this.#read.head())
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

  async adopt(events: readonly StoredEvent[]): Promise<void> {
    this.#trying(() => this.#adopt(events))
    this.#appended.raise()
  }

  async redact(left: readonly RedactedPayload[], told: NewEvent, expectedRevision: number): Promise<Appended> {
    const command = "redact"
    const events = prepare(ledgerStream, expectedRevision, [told], command)
    const appended = this.#trying(() => this.#redact(left, { stream: ledgerStream, expectedRevision, events, command }))
    this.#appended.raise()
    return appended
  }

  readonly readStream: Ledger["readStream"] = async (stream, page) =>
    this.#trying(() => this.#read.stream(stream, page))
  readonly readAll: Ledger["readAll"] = async (page) => this.#trying(() => this.#read.all(page))
  readonly readAt: Ledger["readAt"] = async (positions) => this.#trying(() => this.#read.at(positions))
  readonly head: Ledger["head"] = async () => this.#trying(() => this.#read.head())
  readonly revisionOf: Ledger["revisionOf"] = async (stream) => this.#trying(() => this.#read.revisionOf(stream))
  readonly positionAt: Ledger["positionAt"] = async (time) => this.#trying(() => this.#read.positionAt(time))
  readonly readStored: Ledger["readStored"] = async (page) => this.#trying(() => this.#read.stored(page))
  readonly nodes: Ledger["nodes"] = async (subtrees) => this.#trying(() => this.#read.nodes(subtrees))
  readonly timeOf: Ledger["timeOf"] = async (position) => this.#trying(() => this.#read.timeOf(position))

  #trying<T>(work: () => T): T {
    this.#mustBeOpen()
    try {
      return work()
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
