/**
 * Redacting: another payload in the place of the one that was there, of which only the hash stays that its leaf commits to. What is in archives is written anew
 * beside them; the files take each other's place once the ledger says so.
 */
import * as fs from "node:fs"
import type { Db } from "#sqlite/open.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError } from "#kernel/errors.js"
import type { PendingAppend } from "../already-there.js"
import type { BlockEvent } from "../archive/block.js"
import { syncFolder } from "../archive/folder.js"
import { Segment, writeSegment } from "../archive/segment.js"
import { type Seal, dataHash, sealedLeaf } from "../leaf.js"
import type { Appended, RedactedPayload } from "../port.js"
import { Edge } from "../proof/edge.js"
import { sameHash } from "../proof/tree.js"
import type { AppendAll } from "./append.js"
import type { ArchiveRow } from "./archive-rows.js"
import type { ArchivedEvents } from "./archived.js"
import { kept, payload } from "./payload.js"

interface Rewritten {
  readonly row: ArchiveRow
  readonly bytes: number
  readonly hash: Buffer
}

export type Redact = (left: readonly RedactedPayload[], told: PendingAppend) => Promise<Appended>

export function redacter(db: Db, archived: ArchivedEvents, appendAll: AppendAll): Redact {
  const stored = db.prepare<[number], { data: string; salt: Uint8Array | null; data_hash: Uint8Array | null }>(
    `SELECT ${payload} AS data, salt, data_hash FROM events WHERE position = ?`,
  )
  const replace = db.prepare<[string, Uint8Array | null, Uint8Array, number]>(
    "UPDATE events SET data = ?, packed = ?, salt = NULL, data_hash = ? WHERE position = ?",
  )
  const nextGeneration = db.prepare<[number, Buffer, number]>(
    "UPDATE archives SET generation = generation + 1, bytes = ?, sha256 = ? WHERE first = ?",
  )

  const redact = db.transaction(
    (left: readonly RedactedPayload[], rewritten: readonly Rewritten[], told: PendingAppend): Appended => {
      for (const { position, data } of left) {
        const row = stored.get(position)
        if (row === undefined) throw new FleetError("NotFound", `there is no event at position ${position}`)
        const seal = row.salt === null ? { dataHash: row.data_hash as Uint8Array } : { salt: row.salt }
        const rest = kept(canonicalJson(data))
        replace.run(rest.data, rest.packed, hashIn(seal, row.data), position)
      }
      for (const { row, bytes, hash } of rewritten) nextGeneration.run(bytes, hash, row.first)
      const [outcome] = appendAll([told])
      if (outcome instanceof FleetError) throw outcome
      return outcome as Appended
    },
  )

  return async (left, told) => {
    const watermark = archived.rows.watermark()
    const touched = archived.rows.all().flatMap((row) => {
      const here = left.filter(({ position }) => position >= row.first && position <= row.last)
      return here.length === 0 ? [] : [{ row, here, next: { ...row, generation: row.generation + 1 } }]
    })
    const rest = left.filter(({ position }) => position > watermark)
    let appended: Appended
    try {
      const rewritten: Rewritten[] = []
      for (const { row, here } of touched) rewritten.push({ row, ...(await rewrite(archived, row, here)) })
      appended = redact.immediate(rest, rewritten, told)
    } catch (error) {
      for (const { next } of touched) fs.rmSync(archived.folder.partialOf(next), { force: true })
      throw error
    }
    archived.forget()
    for (const { next } of touched) archived.folder.settle(next)
    // What was taken out may still be in the log.
    db.pragma("wal_checkpoint(TRUNCATE)")
    return appended
  }
}

/** Writes the next generation of an archive, whose leaves are the same. @throws FleetError `ArchiveUnavailable`, `StoreDamaged` */
async function rewrite(archived: ArchivedEvents, row: ArchiveRow, left: readonly RedactedPayload[]) {
  const payloads = new Map(left.map(({ position, data }) => [position, data]))
  const file = archived.folder.partialOf({ ...row, generation: row.generation + 1 })
  const from = archived.open(row)
  function* events(): Generator<BlockEvent> {
    let position = row.first
    for (const event of from) {
      const data = payloads.get(position++ as RedactedPayload["position"])
      yield data === undefined
        ? event
        : { head: event.head, data: canonicalJson(data), seal: { dataHash: hashIn(event.seal, event.data) } }
    }
  }
  try {
    const written = await writeSegment(file, from.range, events())
    syncFolder(archived.folder.path)
    const segment = new Segment(file, row)
    const edge = new Edge()
    for (const { head, data, seal } of segment) edge.push(sealedLeaf(head, data, seal))
    segment.close()
    if (sameHash(edge.root(), row.root)) return written
    const message = `the archive of positions ${row.first} to ${row.last} is not what was archived: it cannot be redacted`
    throw new FleetError("StoreDamaged", message)
  } finally {
    from.close()
  }
}

function hashIn(seal: Seal, data: string): Uint8Array {
  return "dataHash" in seal ? seal.dataHash : Buffer.from(dataHash(seal.salt, data), "hex")
}
