/**
 * This process's copy of the ledger: a file with the very tables of the SQLite engine, filled from the cluster in the order of its log. An event's place
 * among ours in that order is its position, so positions, leaves and roots are equal for everybody who follows. Where in the log its last event was stands
 * beside them and moves in the same transaction: following goes on from there. The file holds nothing that the cluster does not; it may be removed.
 */
import type { Db, Store } from "#sqlite/open.js"
import { openStore } from "#sqlite/open.js"
import { epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { EventId, StreamName } from "#kernel/ids.js"
import { type Position, origin } from "#kernel/point.js"
import { type EnvelopeHead, type Seal, sealedLeaf, stamped } from "../leaf.js"
import { noStream } from "../port.js"
import { ArchivedEvents } from "../sqlite/archived.js"
import { payload, unpacks } from "../sqlite/payload.js"
import { ledgerStore } from "../sqlite/schema.js"
import { type Writer, numberOf, writer } from "../sqlite/write.js"
import type { IncomingEvent, Place } from "./envelope.js"

const [firstMigration = "", ...laterMigrations] = ledgerStore.migrations

const copyStore: Store = {
  what: "copy of the ledger",
  applicationId: 0x464c4331, // "FLC1"
  // What a power cut takes away comes from the cluster again.
  synchronous: "NORMAL",
  cacheKiB: ledgerStore.cacheKiB,
  migrations: [
    `${firstMigration}
    -- Where in the cluster's log the last event of this file is: unsigned 64-bit numbers.
    CREATE TABLE place (only INTEGER PRIMARY KEY CHECK (only = 0), commit_position TEXT NOT NULL, prepare_position TEXT NOT NULL) STRICT;`,
    ...laterMigrations,
  ],
}

/** A row that an append may be compared with. */
export interface CopiedEvent {
  readonly position: Position
  readonly head: string
  readonly data: string
  readonly salt: Uint8Array | null
}

export interface LastEvent {
  readonly position: Position
  readonly stream: StreamName
  readonly revision: number
  readonly id: EventId
  readonly seal: Seal
  readonly place: Place
}

export class Copy {
  readonly db: Db
  readonly #writer: Writer
  readonly #range
  readonly #last
  readonly #place
  readonly #setPlace

  /** @throws FleetError `NewerVersion`, `StoreDamaged`, `StoreUnavailable` */
  constructor(file: string) {
    this.db = openStore(file, copyStore)
    unpacks(this.db)
    this.#writer = writer(this.db, new ArchivedEvents(this.db))
    this.#range = this.db.prepare<[number, number, number], CopiedEvent>(
      `SELECT position, head, ${payload} AS data, salt FROM events WHERE stream_no = ? AND revision > ? ORDER BY revision LIMIT ?`,
    )
    this.#last = this.db.prepare<
      [],
      { position: Position; recorded_at: number; stream: StreamName; revision: number; head: string } & Sealed
    >(
      `SELECT position, recorded_at, streams.name AS stream, revision, head, salt, data_hash AS dataHash
       FROM events JOIN streams ON streams.no = stream_no ORDER BY position DESC LIMIT 1`,
    )
    this.#place = this.db.prepare<[], { commit_position: string; prepare_position: string }>(
      "SELECT commit_position, prepare_position FROM place",
    )
    this.#setPlace = this.db.prepare<[string, string]>("INSERT OR REPLACE INTO place VALUES (0, ?, ?)")
  }

  /**
   * Copies the next events of the cluster, all or none; what is there already is passed over. No event is recorded before the one in front of it: one
   * whose writer's clock was behind has the time of that one, for everybody who follows alike.
   *
   * @returns how many were new
   * @throws FleetError `StoreDamaged` when an event is missing between these and what is there
   */
  add(events: readonly IncomingEvent[]): number {
    return this.#writer.transaction(({ lastRecordedMs, write }) => {
      const { streams, types, revisionOf } = this.#writer
      let place = this.place()
      let recordedMs = lastRecordedMs
      let added = 0
      for (const event of events) {
        if (place !== undefined && !isBehind(event.place, place)) continue
        const { stream, revision, data, seal } = event
        const streamNo = numberOf(streams, stream)
        const known = revisionOf(streamNo)
        if (revision !== known + 1) {
          throw new FleetError(
            "StoreDamaged",
            `events of ${stream} are missing in EventStoreDB: number ${revision} follows on ${known === noStream ? "none" : `number ${known}`}`,
          )
        }
        recordedMs = Math.max(recordedMs, epochMs(event.recordedAt))
        const head = stamped(event.head, instant(recordedMs))
        const leaf = sealedLeaf(head, data, seal)
        const [salt, dataHash] = "salt" in seal ? [seal.salt, null] : [null, seal.dataHash]
        write({ streamNo, revision, typeNo: numberOf(types, event.type), recordedMs, head, data, leaf, salt, dataHash })
        place = event.place
        added += 1
      }
      if (place !== undefined) this.#setPlace.run(place.commit.toString(), place.prepare.toString())
      return added
    })
  }

  /** Where in the log the last event is; undefined of an empty copy. */
  place(): Place | undefined {
    const row = this.#place.get()
    return row === undefined
      ? undefined
      : { commit: BigInt(row.commit_position), prepare: BigInt(row.prepare_position) }
  }

  last(): LastEvent | undefined {
    const [row, place] = [this.#last.get(), this.place()]
    if (row === undefined || place === undefined) return undefined
    const { position, stream, revision, head, salt, dataHash } = row
    const { id } = JSON.parse(head) as EnvelopeHead
    return { position, stream, revision, id, seal: sealOf({ salt, dataHash }), place }
  }

  /** Of the last event; `origin` of an empty copy. */
  position(): Position {
    return this.#last.get()?.position ?? origin
  }

  /** ms since the epoch at which the last event was recorded; 0 of an empty copy. */
  recordedMs(): number {
    return this.#last.get()?.recorded_at ?? 0
  }

  revisionOf(stream: StreamName): number {
    const streamNo = this.#writer.streams.find(stream)
    return streamNo === undefined ? noStream : this.#writer.revisionOf(streamNo)
  }

  /** The events of a stream behind a revision, `limit` at most. */
  after(stream: StreamName, revision: number, limit: number): readonly CopiedEvent[] {
    const streamNo = this.#writer.streams.find(stream)
    return streamNo === undefined ? [] : this.#range.all(streamNo, revision, limit)
  }
}

interface Sealed {
  readonly salt: Uint8Array | null
  readonly dataHash: Uint8Array | null
}

function sealOf({ salt, dataHash }: Sealed): Seal {
  return salt === null ? { dataHash: dataHash as Uint8Array } : { salt }
}

function isBehind(a: Place, b: Place): boolean {
  return a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare)
}
