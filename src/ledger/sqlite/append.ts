/**
 * Writing: one transaction for all appends that are waiting (group commit). Each is checked and written on its own, so that one
 * that conflicts takes nothing with it; all that succeeded become durable together or not at all.
 */
import * as crypto from "node:crypto"
import type { Db } from "#sqlite/open.js"
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type EventId, type StreamName, eventId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { saltBytes, stamped } from "../leaf.js"
import { type Appended, noStream } from "../port.js"
import type { PreparedEvent } from "../prepare.js"

export interface PendingAppend {
  readonly stream: StreamName
  readonly expectedRevision: number
  readonly events: readonly PreparedEvent[]
  readonly command: string
}

export type Outcome = Appended | FleetError

/** Runs the appends in order inside one transaction. @throws whatever SQLite throws; then nothing was written. */
export type AppendAll = (appends: readonly PendingAppend[]) => Outcome[]

export function appender(db: Db, clock: Clock): AppendAll {
  const lastEvent = db.prepare<[], { position: number; recorded_at: number }>(
    "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1",
  )
  const streamNo = interned(db, "streams")
  const types = interned(db, "types")
  const revisionOf = db
    .prepare<[number], number>("SELECT revision FROM events WHERE stream_no = ? ORDER BY revision DESC LIMIT 1")
    .pluck()
  const range = db.prepare<[number, number, number], { position: number; head: string; data: string }>(
    "SELECT position, head, data FROM events WHERE stream_no = ? AND revision > ? ORDER BY revision LIMIT ?",
  )
  const insert = db.prepare<[number, number, number, number, number, string, string, Uint8Array]>(
    "INSERT INTO events (position, stream_no, revision, type_no, recorded_at, head, data, salt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  )
  const salts = saltPool()

  return (appends) =>
    db
      .transaction(() => {
        const last = lastEvent.get()
        let position = last?.position ?? -1
        const recordedMs = Math.max(epochMs(clock.now()), last?.recorded_at ?? 0)
        const recordedAt = instant(recordedMs)
        const typeNos = new Map<string, number>()
        const typeNo = (type: string): number => {
          const no = typeNos.get(type) ?? types.find(type) ?? types.add(type)
          typeNos.set(type, no)
          return no
        }

        const write = (append: PendingAppend): Outcome => {
          const { stream, expectedRevision, events } = append
          const known = streamNo.find(stream)
          const actual = known === undefined ? noStream : (revisionOf.get(known) ?? noStream)
          if (actual !== expectedRevision) {
            const stored = known === undefined ? [] : range.all(known, expectedRevision, events.length + 1)
            return alreadyThere(append, actual, stored)
          }
          if (events.length === 0) return { revision: actual, position: position as Position }
          const stream_no = known ?? streamNo.add(stream)
          for (const event of events) {
            position += 1
            const head = stamped(event.head, recordedAt)
            insert.run(
              position,
              stream_no,
              event.revision,
              typeNo(event.type),
              recordedMs,
              head,
              event.dataText,
              salts.next(),
            )
          }
          return { revision: expectedRevision + events.length, position: position as Position }
        }
        return appends.map(write)
      })
      .immediate()
}

/**
 * The same append again answers as it did the first time; anything else at a taken revision is a conflict.
 *
 * @param stored what is behind the expected revision, up to one event more than the append has
 */
function alreadyThere(
  { stream, expectedRevision: expected, events, command }: PendingAppend,
  actual: number,
  stored: readonly { position: number; head: string; data: string }[],
): Outcome {
  const there = stored.map(({ position, head, data }) => {
    const { id, type } = JSON.parse(head) as { id: EventId; type: string }
    return { position, id, type, data }
  })
  const isOfThisCommand = (index: number) => there[index]?.id === eventId(stream, expected, command, index)
  if (!isOfThisCommand(0)) {
    return new FleetError(
      "RevisionConflict",
      `${stream} is at ${revisionName(actual)}, not at ${revisionName(expected)}: somebody else wrote to it`,
      { details: { stream, expected, actual } },
    )
  }
  const last = there[events.length - 1]
  const same = events.every(
    ({ type, dataText }, index) =>
      isOfThisCommand(index) && type === there[index]?.type && dataText === there[index]?.data,
  )
  // The command wrote more than it brings now when the event after its last is its own too.
  if (same && last !== undefined && !isOfThisCommand(events.length)) {
    return { revision: expected + events.length, position: last.position as Position }
  }
  return new FleetError("EventIdReused", `${stream} already holds this command's events with other content`, {
    details: { stream, expected, actual },
  })
}

function revisionName(revision: number): string {
  return revision === noStream ? "no stream" : `revision ${revision}`
}

/** Names that are stored once and numbered. Nothing is remembered beyond a transaction: it could be rolled back. */
function interned(db: Db, table: "streams" | "types") {
  const select = db.prepare<[string], number>(`SELECT no FROM ${table} WHERE name = ?`).pluck()
  const insert = db.prepare<[string]>(`INSERT INTO ${table} (name) VALUES (?)`)
  return {
    find: (name: string) => select.get(name),
    add: (name: string) => Number(insert.run(name).lastInsertRowid),
  }
}

/** Random salts, drawn from the system a few hundred at a time. */
function saltPool() {
  const pool = Buffer.alloc(saltBytes * 256)
  let used = pool.length
  return {
    next(): Uint8Array {
      if (used === pool.length) {
        crypto.randomFillSync(pool)
        used = 0
      }
      used += saltBytes
      return pool.subarray(used - saltBytes, used)
    },
  }
}
