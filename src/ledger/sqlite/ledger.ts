/** The default engine: one SQLite file, one writer, durable at every commit. */
import type { NewEvent } from "#events/catalog.js"
import { type Db, openStore } from "#sqlite/open.js"
import { type LogSync, logSync } from "#sqlite/log-sync.js"
import { storeError } from "#sqlite/errors.js"
import { type ShortLog, shortLog } from "#sqlite/short-log.js"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { inSpan } from "#kernel/span.js"
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
  readonly #log: LogSync
  readonly #shortLog: ShortLog | undefined
  readonly #appendAll: AppendAll
  readonly #adopt: (events: readonly StoredEvent[]) => void
  readonly #redact: Redact
  readonly archives: Archives
  #busy: Promise<unknown> = Promise.resolve()
  #queue: Waiting[] = []
  /** Resolves when nothing is queued any more. */
  #flushed: Promise<void> = Promise.resolve()

  constructor(file: string, clock: Clock) {
    const db = openStore(file, ledgerStore)
    super(db, `the ledger ${file}`)
    this.#db = db
    this.#log = logSync(db)
    this.#shortLog = db.memory ? undefined : shortLog(db)
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
      // Archiving appends, too.
      alone: (work) => this.#alone(work).finally(() => this.appended.raise()),
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
    const queued = () =>
      new Promise<Appended>((resolve, reject) => {
        // Everything that asks within this turn of the event loop, or while the disk is busy, shares one commit.
        if (this.#queue.push({ append, resolve, reject }) === 1) this.#flushed = this.#flushed.then(() => this.#flush())
      })
    return inSpan("append", { "fleet_ledger.events": events.length }, queued)
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#write(takeGroup(this.#queue))
  }

  /** Nobody is told of events that are not on the disk yet. */
  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      this.mustBeOpen()
      if (!this.#log.isBroken) this.shown = this.read.head()
      const outcomes = this.#log.unsynced(() => this.#appendAll(group.map(({ append }) => append)))
      this.#shortLog?.committed()
      await this.#log.synced()
      outcomes.forEach((outcome, i) => {
        if (outcome instanceof FleetError) group[i]?.reject(outcome)
        else group[i]?.resolve(outcome)
      })
    } catch (error) {
      const reason = storeError(error, this.what)
      for (const { reject } of group) reject(reason)
    }
    if (!this.#log.isBroken) this.shown = undefined
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
    while (this.#queue.length > 0) await this.#flushed
    await this.#flushed
    if (this.isClosed) return
    this.#log.close()
    this.#shortLog?.close()
    this.closeFile()
  }
}

/** As many waiting appends as fit a transaction of bounded size; always at least one. */
function takeGroup(queue: Waiting[]): Waiting[] {
  let events = 0
  let taken = 0
  while (taken < queue.length && events < maxBatch) {
    events += queue[taken]?.append.events.length ?? 0
    taken += 1
  }
  return queue.splice(0, taken)
}
