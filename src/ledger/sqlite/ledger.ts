/** The default engine: one SQLite file, one writer, durable at every commit. */
import type { NewEvent } from "#events/catalog.js"
import { type Db, openStore } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { PendingAppend } from "../already-there.js"
import { type Appended, type Ledger, type RedactedPayload, type StoredEvent, ledgerStream, maxBatch } from "../port.js"
import { prepare } from "../prepare.js"
import { type Archives, lastOfArchive } from "../archive/archives.js"
import { adopter } from "./adopt.js"
import { type AppendAll, appender } from "./append.js"
import { SqliteArchives } from "./archives.js"
import { archiving } from "./archiving.js"
import { FileReads } from "./reads.js"
import { type Redact, redacter } from "./redact.js"
import { ledgerStore } from "./schema.js"
import { writer } from "./write.js"

interface Waiting {
  readonly append: PendingAppend
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
export function openSqliteLedger(file: string, clock: Clock = systemClock): Ledger {
  return new SqliteLedger(file, clock)
}

class SqliteLedger extends FileReads implements Ledger {
  readonly #db: Db
  readonly #appendAll: AppendAll
  readonly #adopt: (events: readonly StoredEvent[]) => void
  readonly #redact: Redact
  readonly archives: Archives
  #busy: Promise<unknown> = Promise.resolve()
  #queue: Waiting[] = []

  constructor(file: string, clock: Clock) {
    const db = openStore(file, ledgerStore)
    super(db, `the ledger ${file}`)
    this.#db = db
    // What a redaction takes out of a page is overwritten there.
    this.#db.pragma("secure_delete = ON")
    const writing = writer(this.#db, this.archived)
    this.#appendAll = appender(writing, this.read.behind, clock)
    this.#adopt = adopter(writing)
    this.#redact = redacter(this.#db, this.archived, this.#appendAll)
    const ports = {
      db,
      archived: this.archived,
      read: this.read,
      appendAll: this.#appendAll,
      clock,
      lastOf: lastOfArchive,
    }
    this.archives = new SqliteArchives({
      ...ports,
      archiving: archiving(ports),
      what: this.what,
      alone: (work) => this.#alone(work),
    })
  }

  async append(
    stream: StreamName,
    expectedRevision: number,
    events: readonly NewEvent[],
    command: string,
  ): Promise<Appended> {
    this.mustBeOpen()
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
        this.mustBeOpen()
        const outcomes = this.#appendAll(group.map(({ append }) => append))
        outcomes.forEach((outcome, i) => {
          if (outcome instanceof FleetError) group[i]?.reject(outcome)
          else group[i]?.resolve(outcome)
        })
      } catch (error) {
        const reason = storeError(error, this.what)
        for (const { reject } of group) reject(reason)
      }
    }
    this.appended.raise()
  }

  async adopt(events: readonly StoredEvent[]): Promise<void> {
    this.trying(() => this.#adopt(events))
    this.appended.raise()
  }

  async redact(left: readonly RedactedPayload[], told: NewEvent, expectedRevision: number): Promise<Appended> {
    const command = "redact"
    const events = prepare(ledgerStream, expectedRevision, [told], command)
    const pending = { stream: ledgerStream, expectedRevision, events, command }
    return this.#alone(async () => {
      this.mustBeOpen()
      try {
        return await this.#redact(left, pending)
      } catch (error) {
        throw storeError(error, this.what)
      } finally {
        this.appended.raise()
      }
    })
  }

  /** One after the other: what one of them writes anew, the other must not bring back. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#busy.then(work, work)
    this.#busy = next.catch(() => undefined)
    return next
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    await this.#busy
    if (this.isClosed) return
    this.#flush()
    this.closeFile()
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
