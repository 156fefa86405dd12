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
import { dataHash, entryText, leafHash, saltBytes, stamped } from "../leaf.js"
import { type Appended, noStream } from "../port.js"
import type { PreparedEvent } from "../prepare.js"
import type { Writer } from "./write.js"

export interface PendingAppend {
  readonly stream: StreamName
  readonly expectedRevision: number
  readonly events: readonly PreparedEvent[]
  readonly command: string
}

export type Outcome = Appended | FleetError

/** Runs the appends in order inside one transaction. @throws whatever SQLite throws; then nothing was written. */
export type AppendAll = (appends: readonly PendingAppend[]) => Outcome[]

export function appender(db: Db, { streams, types, revisionOf, transaction }: Writer, clock: Clock): AppendAll {
  const range = db.prepare<[number, number, number], { position: number; head: string; data: string }>(
    "SELECT position, head, data FROM events WHERE stream_no = ? AND revision > ? ORDER BY revision LIMIT ?",
  )
  const salts = saltPool()

  return (appends) =>
    transaction(({ last, lastRecordedMs, write }) => {
      const recordedMs = Math.max(epochMs(clock.now()), lastRecordedMs)
      const recordedAt = instant(recordedMs)
      let position = last
      const typeNos = new Map<string, number>()
      const typeNoOf = (type: string): number => {
        const no = typeNos.get(type) ?? types.find(type) ?? types.add(type)
        typeNos.set(type, no)
        return no
      }

      const append = (pending: PendingAppend): Outcome => {
        const { stream, expectedRevision, events } = pending
        const known = streams.find(stream)
        const actual = known === undefined ? noStream : revisionOf(known)
        if (actual !== expectedRevision) {
          const stored = known === undefined ? [] : range.all(known, expectedRevision, events.length + 1)
          return alreadyThere(pending, actual, stored)
        }
        if (events.length === 0) return { revision: actual, position }
        const streamNo = known ?? streams.add(stream)
        for (const { revision, type, head: text, dataText: data } of events) {
          const head = stamped(text, recordedAt)
          const salt = salts.next()
          const leaf = leafHash(entryText(head, dataHash(salt, data)))
          const typeNo = typeNoOf(type)
          position = write({ streamNo, revision, typeNo, recordedMs, head, data, salt, leaf, dataHash: null })
        }
        return { revision: expectedRevision + events.length, position }
      }
      return appends.map(append)
    })
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
