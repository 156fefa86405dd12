/**
 * Writing events at the next positions, each with its leaf, and growing the tree with them: all that one transaction writes, or nothing. Whether an
 * event may be written is decided elsewhere.
 */
import type { Db } from "#sqlite/open.js"
import type { Position } from "#kernel/point.js"
import type { Edge } from "../proof/edge.js"
import type { ArchivedEvents } from "./archived.js"
import { kept } from "./payload.js"
import { streamNamed } from "./schema.js"
import { storedLevel, treeReader } from "./tree.js"

/** A row of `events`, whose position is the next. */
export interface NewRow {
  readonly streamNo: number
  readonly revision: number
  readonly typeNo: number
  /** ms since the epoch. */
  readonly recordedMs: number
  readonly head: string
  readonly data: string
  readonly leaf: Uint8Array
  /** What the leaf commits to the payload with: its salt, or the hash alone where it is redacted. */
  readonly salt: Uint8Array | null
  readonly dataHash: Uint8Array | null
}

export interface Writing {
  /** Position of the last event. */
  readonly last: Position
  /** When that was recorded, ms since the epoch; 0 of an empty ledger. */
  readonly lastRecordedMs: number
  /** @returns its position */
  readonly write: (row: NewRow) => Position
}

/** Names that are stored once and numbered. */
export interface Names {
  find(name: string): number | undefined
  add(name: string): number
}

export interface Writer {
  readonly streams: Names
  readonly types: Names
  /** Of the stream's last event; `noStream` without one. */
  readonly revisionOf: (streamNo: number) => number
  /** Runs `work` in one immediate transaction. @throws whatever it throws; then nothing was written */
  readonly transaction: <T>(work: (writing: Writing) => T) => T
}

export function writer(db: Db, archived: ArchivedEvents): Writer {
  const lastEvent = db.prepare<[], { position: number; recorded_at: number }>(
    "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1",
  )
  const insert = db.prepare<
    [
      number,
      number,
      number,
      number,
      number,
      string,
      string,
      Uint8Array | null,
      Uint8Array | null,
      Uint8Array,
      Uint8Array | null,
    ]
  >(
    `INSERT INTO events (position, stream_no, revision, type_no, recorded_at, head, data, packed, salt, leaf, data_hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const lastRevision = db
    .prepare<[number], number>("SELECT revision FROM events WHERE stream_no = ? ORDER BY revision DESC LIMIT 1")
    .pluck()
  const insertSubtree = db.prepare<[number, number, Uint8Array]>("INSERT INTO subtrees VALUES (?, ?, ?)")
  const tree = treeReader(db, archived)
  let grown: Edge | undefined

  const transaction = <T>(work: (writing: Writing) => T): T => {
    const run = db.transaction((): { readonly edge: Edge; readonly result: T } => {
      const last = lastEvent.get()
      let position = last?.position ?? -1
      const edge = grown?.size === position + 1 ? grown.copy() : tree.edge()
      const write = ({ streamNo, revision, typeNo, recordedMs, head, data: text, salt, leaf, dataHash }: NewRow) => {
        position += 1
        const { data, packed } = kept(text)
        insert.run(position, streamNo, revision, typeNo, recordedMs, head, data, packed, salt, leaf, dataHash)
        edge.push(leaf, 0, ({ level, index }, hash) => {
          if (level >= storedLevel) insertSubtree.run(level, index, hash)
        })
        return position as Position
      }
      const result = work({ last: position as Position, lastRecordedMs: last?.recorded_at ?? 0, write })
      return { edge, result }
    })
    const { edge, result } = run.immediate()
    // Only now: a transaction that failed grew nothing.
    grown = edge
    return result
  }

  return {
    streams: names(db, "streams", streamNamed),
    types: names(db, "types", "SELECT no FROM types WHERE name = ?"),
    revisionOf: (streamNo) => lastRevision.get(streamNo) ?? archived.rows.endOf(streamNo),
    transaction,
  }
}

/** Nothing is remembered beyond a transaction: it could be rolled back. */
function names(db: Db, table: "streams" | "types", numberNamed: string): Names {
  const select = db.prepare<[string], number>(numberNamed).pluck()
  const insert = db.prepare<[string]>(`INSERT INTO ${table} (name) VALUES (?)`)
  return {
    find: (name) => select.get(name),
    add: (name) => Number(insert.run(name).lastInsertRowid),
  }
}

/** The name's number, which it is given if it has none. */
export function numberOf(known: Names, name: string): number {
  return known.find(name) ?? known.add(name)
}
