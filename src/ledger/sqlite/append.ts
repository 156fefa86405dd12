/**
 * Writing: one transaction for all appends that are waiting (group commit). Each is checked and written on its own, so that one
 * that conflicts takes nothing with it; all that succeeded become durable together or not at all.
 */
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Outcome, type PendingAppend, alreadyThere } from "../already-there.js"
import { dataHash, entryText, leafHash, stamped } from "../leaf.js"
import { noStream } from "../port.js"
import { saltPool } from "../salts.js"
import type { Row } from "./read.js"
import type { Writer } from "./write.js"

/** Runs the appends in order inside one transaction. @throws whatever SQLite throws; then nothing was written. */
export type AppendAll = (appends: readonly PendingAppend[]) => Outcome[]

/** @param behind the events of a stream behind a revision */
export function appender(
  { streams, types, revisionOf, transaction }: Writer,
  behind: (streamNo: number, revision: number, limit: number) => readonly Row[],
  clock: Clock,
): AppendAll {
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
          try {
            const stored = known === undefined ? [] : behind(known, expectedRevision, events.length + 1)
            return alreadyThere(pending, actual, stored)
          } catch (error) {
            // What it would have to be compared with is in an archive that is not there: nobody else's append fails for that.
            if (error instanceof FleetError) return error
            throw error
          }
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
