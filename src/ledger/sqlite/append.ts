/**
 * Writing: one transaction for all appends that are waiting (group commit). Each is checked and written on its own, so that one
 * that conflicts takes nothing with it; all that succeeded become durable together or not at all.
 */
import type { Db } from "#sqlite/open.js"
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import { type Outcome, type PendingAppend, alreadyThere } from "../already-there.js"
import { dataHash, entryText, leafHash, stamped } from "../leaf.js"
import { noStream } from "../port.js"
import { saltPool } from "../salts.js"
import type { Writer } from "./write.js"

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
