/**
 * The views: what all projections made of the ledger, in one disposable file. Events that are folded together and the checkpoint behind them are one
 * transaction, so no view ever shows half an event, nor two views different positions. At an event that cannot be folded they stop: going on without it
 * would show what never was.
 */
import * as crypto from "node:crypto"
import type { RecordedEvent } from "#events/catalog.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { EventId } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import { type Db, type Store, openStore } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { type ShortLog, shortLog } from "#sqlite/short-log.js"
import type { Subscriber } from "#subscriptions/subscriber.js"
import { baselinesProjection } from "./baselines/project.js"
import { type BaselinesReader, baselinesReader } from "./baselines/read.js"
import { alertsProjection } from "./alerts/project.js"
import { type AlertsReader, alertsReader } from "./alerts/read.js"
import { checksProjection } from "./checks/project.js"
import { type ChecksReader, checksReader } from "./checks/read.js"
import { entitiesProjection } from "./entities/project.js"
import { type EntitiesReader, entitiesReader } from "./entities/read.js"
import { type Folding, foldingBy } from "./folding.js"
import { historyProjection } from "./history/project.js"
import { type HistoryReader, historyReader } from "./history/read.js"
import { hostKeysProjection } from "./hostkeys/project.js"
import { type HostKeysReader, hostKeysReader } from "./hostkeys/read.js"
import { identityProjection } from "./identity/project.js"
import { type IdentityReader, identityReader } from "./identity/read.js"
import { intentsProjection } from "./intents/project.js"
import { type IntentsReader, intentsReader } from "./intents/read.js"
import { inventoryProjection } from "./inventory/project.js"
import { type InventoryReader, inventoryReader } from "./inventory/read.js"
import { maintenanceProjection } from "./maintenance/project.js"
import { type MaintenanceReader, maintenanceReader } from "./maintenance/read.js"
import { policyProjection } from "./policy/project.js"
import { type PolicyReader, policyReader } from "./policy/read.js"
import type { Projection } from "./projection.js"
import { type Scans, scansOf } from "./scans.js"
import { runsProjection } from "./runs/project.js"
import { type RunsReader, runsReader } from "./runs/read.js"
import { snapshotsProjection } from "./snapshots/project.js"
import { type SnapshotsReader, snapshotsReader } from "./snapshots/read.js"

/** In the order in which they see an event. */
const projections: readonly Projection[] = [
  inventoryProjection,
  historyProjection,
  identityProjection,
  runsProjection,
  policyProjection,
  hostKeysProjection,
  entitiesProjection,
  snapshotsProjection,
  checksProjection,
  baselinesProjection,
  intentsProjection,
  alertsProjection,
  maintenanceProjection,
]

const indices = projections.flatMap((projection) => Object.entries(projection.indices ?? {}))

/** What the views are made by; views made by anything else are built anew. */
const madeBy = projections.map(({ name, version }) => `${name} ${version}`).join(", ")

const viewsStore: Store = {
  what: "views",
  applicationId: 0x464c5631, // "FLV1"
  synchronous: "NORMAL",
  cacheKiB: 32_768,
  migrations: [
    `
    CREATE TABLE checkpoint (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      position INTEGER NOT NULL,
      event TEXT -- id of the event there, which tells the ledger from another
    ) STRICT;
    -- How the views came to be, which is no part of what they show.
    CREATE TABLE made (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      by TEXT NOT NULL,
      upon INTEGER NOT NULL -- the ledger's last position when they were begun
    ) STRICT;`,
  ],
}

/** As long as others wait, in ms, for events that are folded together; what is left of a batch comes in their next turn. */
const turnMs = 10

/** How the views are read. Every method takes the position it is asked at. */
export interface ViewsReader {
  readonly inventory: InventoryReader
  readonly entities: EntitiesReader
  readonly history: HistoryReader
  readonly identity: IdentityReader
  readonly runs: RunsReader
  readonly policy: PolicyReader
  readonly hostKeys: HostKeysReader
  readonly snapshots: SnapshotsReader
  readonly checks: ChecksReader
  readonly baselines: BaselinesReader
  readonly intents: IntentsReader
  readonly alerts: AlertsReader
  readonly maintenance: MaintenanceReader
}

export interface ViewsOptions {
  /** The ledger's last position, if it is known. */
  readonly head?: Position
  /** False for a file that is thrown away if the process ends before it is `completed`: several times faster to fill. */
  readonly durable?: boolean
  /** How many names pages of entities go through one by one, for tests. */
  readonly walked?: readonly number[]
}

export class Views implements Subscriber, ViewsReader {
  readonly name = "views"
  /** Another one whenever they were opened or made anew: what was read of one may differ from what is read of the next. */
  readonly edition = crypto.randomUUID()
  readonly inventory: InventoryReader
  readonly entities: EntitiesReader
  readonly history: HistoryReader
  readonly identity: IdentityReader
  readonly runs: RunsReader
  readonly policy: PolicyReader
  readonly hostKeys: HostKeysReader
  readonly snapshots: SnapshotsReader
  readonly checks: ChecksReader
  readonly baselines: BaselinesReader
  readonly intents: IntentsReader
  readonly alerts: AlertsReader
  readonly maintenance: MaintenanceReader
  readonly #db: Db
  readonly #durable: boolean
  readonly #shortLog: ShortLog | undefined
  readonly #scans: Scans
  /** @returns how many of them were folded, in one transaction: at least one, and no more than fit a turn */
  readonly #fold: (events: readonly RecordedEvent[]) => number
  /** Index in its batch. */
  #folding = 0
  #by: Folding
  #checkpoint: Position
  /** The ledger's last position when these views were begun: what was redacted after it, they may still hold. */
  readonly madeUpon: Position

  /**
   * Opens the views, empty ones if there are none or they were made by another version of the projections.
   */
  constructor(file: string, { head = origin, durable = true, walked }: ViewsOptions = {}) {
    this.#db = openStore(file, viewsStore)
    this.#durable = durable
    if (!durable) {
      // SQLite takes going without a journal for unsafe, and without a word goes on with one.
      this.#db.unsafeMode(true)
      this.#db.pragma("journal_mode = OFF")
      this.#db.unsafeMode(false)
      this.#db.pragma("synchronous = OFF")
    }
    try {
      const { position, upon } = prepareTables(this.#db, head)
      this.completed()
      this.#checkpoint = position
      this.madeUpon = upon
    } catch (error) {
      this.#db.close()
      throw storeError(error, "the views")
    }
    this.#shortLog = durable && !this.#db.memory ? shortLog(this.#db) : undefined
    this.inventory = inventoryReader(this.#db)
    this.#scans = scansOf(this.#db, durable && !this.#db.memory)
    this.entities = entitiesReader(this.#db, this.#scans, walked)
    this.history = historyReader(this.#db)
    this.identity = identityReader(this.#db)
    this.runs = runsReader(this.#db)
    this.policy = policyReader(this.#db)
    this.hostKeys = hostKeysReader(this.#db)
    this.snapshots = snapshotsReader(this.#db)
    this.checks = checksReader(this.#db)
    this.baselines = baselinesReader(this.#db)
    this.intents = intentsReader(this.#db)
    this.alerts = alertsReader(this.#db)
    this.maintenance = maintenanceReader(this.#db)
    if (!durable) for (const [name] of indices) this.#db.exec(`DROP INDEX ${name}`)
    this.#by = foldingBy(projections, this.#db)
    const moveCheckpoint = this.#db.prepare<[number, string | null, number]>(
      "UPDATE checkpoint SET position = ?, event = coalesce(?, event) WHERE position = ?",
    )
    const fold = this.#db.transaction((events: readonly RecordedEvent[]): RecordedEvent | undefined => {
      const began = performance.now()
      let last: RecordedEvent | undefined
      for (const [index, event] of events.entries()) {
        this.#folding = index
        this.#by.project(event)
        last = event
        if (durable && performance.now() - began > turnMs) break
      }
      this.#by.settle()
      const [position, id] = [last?.position ?? this.#checkpoint, last?.id ?? null]
      if (moveCheckpoint.run(position, id, this.#checkpoint).changes !== 1) {
        throw new FleetError("FolderInUse", "another process has moved the views on; only one may")
      }
      return last
    })
    this.#fold = (events) => {
      this.#checkpoint = fold.immediate(events)?.position ?? this.#checkpoint
      this.#shortLog?.committed()
      return this.#folding + 1
    }
  }

  checkpoint(): Position {
    return this.#checkpoint
  }

  /** Of the last event that was folded. */
  lastEvent(): EventId | null {
    return this.#db.prepare<[], EventId>("SELECT event FROM checkpoint").pluck().get() ?? null
  }

  /** @throws an error that says at which position, with everything before it folded; FleetError when that is no event's fault */
  async handle(events: readonly RecordedEvent[]): Promise<void> {
    let left = events
    try {
      for (;;) {
        left = left.slice(this.#fold(left))
        if (left.length === 0) return
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (thrown) {
      const poison = left[this.#folding]
      // What projectors remembered of the batch was rolled back with it.
      this.#by = foldingBy(projections, this.#db)
      const error = storeError(thrown, "the views")
      if (error instanceof FleetError || poison === undefined) throw error
      // A file without a journal cannot be rolled back; it is thrown away.
      if (this.#durable)
        for (let good = left.slice(0, this.#folding); good.length > 0;) good = good.slice(this.#fold(good))
      throw new Error(`${poison.type} at position ${poison.position}: ${messageOf(error)}`, { cause: thrown })
    }
  }

  /** To be called once all is folded into a file that is not durable, before anything is read of it. */
  completed(): void {
    for (const [name, on] of indices) this.#db.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${on}`)
  }

  /** A hash over every row of every table in the order of its key: equal views have equal digests. */
  digest(): string {
    try {
      return this.#digest()
    } catch (error) {
      throw storeError(error, "the views")
    }
  }

  #digest(): string {
    const hash = crypto.createHash("sha256")
    const tables = this.#db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'made' ORDER BY name")
      .pluck()
      .all()
    for (const table of tables) {
      const keys = this.#db
        .prepare<[string], string>("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk")
        .pluck()
        .all(table)
      hash.update(`\n${table}\n`)
      for (const row of this.#db
        .prepare<[], unknown[]>(`SELECT * FROM ${table} ORDER BY ${keys.join()}`)
        .raw()
        .iterate()) {
        hash.update(JSON.stringify(row))
      }
    }
    return hash.digest("hex")
  }

  close(): void {
    this.#scans.close()
    this.#shortLog?.close()
    this.#db.close()
  }
}

function prepareTables(db: Db, head: Position): { readonly position: Position; readonly upon: Position } {
  const found = db
    .prepare<[], { position: Position; by: string; upon: Position }>("SELECT position, by, upon FROM checkpoint, made")
    .get()
  if (found?.by === madeBy) return found
  db.transaction(() => {
    const tables = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('checkpoint', 'made')")
      .pluck()
      .all()
    for (const table of tables) db.exec(`DROP TABLE ${table}`)
    for (const projection of projections) db.exec(projection.tables)
    db.prepare("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, NULL)").run(origin)
    db.prepare("INSERT OR REPLACE INTO made VALUES (1, ?, ?)").run(madeBy, head)
  }).immediate()
  return { position: origin, upon: head }
}
