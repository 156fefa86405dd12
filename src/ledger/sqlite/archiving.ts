/**
 * Moving the oldest events into an archive, so that nothing is lost wherever it is interrupted: the file is written under another name, read back and proved to
 * be what was signed; then one transaction says that the ledger counts on it, from which moment on it is read; only then do rows go.
 */
import * as fs from "node:fs"
import type { Db } from "#sqlite/open.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { ArchiveRequest } from "../archive/archives.js"
import type { BlockEvent } from "../archive/block.js"
import { syncFolder } from "../archive/folder.js"
import { packed } from "../archive/numbers.js"
import { Segment, writeSegment } from "../archive/segment.js"
import type { EnvelopeHead } from "../leaf.js"
import { sealedLeaf } from "../leaf.js"
import { ledgerStream } from "../port.js"
import { prepare } from "../prepare.js"
import { originOf, parseCheckpoint } from "../proof/checkpoint.js"
import { Edge } from "../proof/edge.js"
import { isSignedBy } from "../proof/note.js"
import { type Hash, cover, sameHash } from "../proof/tree.js"
import type { AppendAll } from "./append.js"
import type { ArchivedEvents } from "./archived.js"
import { payload } from "./payload.js"
import type { reader } from "./read.js"

interface Ports {
  readonly db: Db
  readonly archived: ArchivedEvents
  readonly read: ReturnType<typeof reader>
  readonly appendAll: AppendAll
  readonly clock: Clock
  /** The last event of the archive that begins at `first`, if events up to `upTo` may go. */
  readonly lastOf: (first: number, upTo: number) => number
}

/** What an archive is made of, and told of. */
export interface Archiving {
  /** @returns the last position that went, or undefined if no whole run may go */
  readonly archiveNext: (
    request: ArchiveRequest,
    step: (what: string, done: number) => Promise<void>,
  ) => Promise<number | undefined>
  /** Removes some rows that are in archives. @returns whether any were left */
  readonly removeSome: () => boolean
}

const pageSize = 1_000
/** Rows that are removed in one transaction: some ten milliseconds. */
const removedAtOnce = 500

interface IndexRow {
  readonly stream_no: number
  readonly revision: number
  readonly type_no: number
  readonly recorded_at: number
  readonly stream: string
  readonly type: string
}

export function archiving({ db, archived, read, appendAll, clock, lastOf }: Ports): Archiving {
  const page = db.prepare<
    [number, number, number],
    { head: string; data: string; salt: Buffer | null; dataHash: Buffer }
  >(
    `SELECT head, ${payload} AS data, salt, data_hash AS dataHash FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
  )
  const indexed = db.prepare<[number], IndexRow>(
    `SELECT stream_no, revision, type_no, recorded_at, streams.name AS stream, types.name AS type
     FROM events JOIN streams ON streams.no = stream_no JOIN types ON types.no = type_no WHERE position = ?`,
  )
  const insert = db.prepare(
    `INSERT INTO archives (first, last, root, first_at, last_at, generation, bytes, sha256, times, steps)
     VALUES (@first, @last, @root, @firstAt, @lastAt, 0, @bytes, @hash, @times, @steps)`,
  )
  const insertStream = db.prepare("INSERT INTO archived_streams VALUES (?, ?, ?, ?)")
  const insertType = db.prepare("INSERT INTO archived_types VALUES (?, ?, ?)")
  const end = db.prepare(
    "INSERT INTO archived_ends VALUES (?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision",
  )
  const firstLeaf = db.prepare("INSERT INTO subtrees SELECT 0, 0, leaf FROM events WHERE position = 0")
  const removeSome = db.prepare(
    "DELETE FROM events WHERE position IN (SELECT position FROM events WHERE position BETWEEN 0 AND ? ORDER BY position LIMIT ?)",
  )

  /** What is stored, page by page. */
  async function* stored(first: number, last: number): AsyncGenerator<BlockEvent> {
    for (let after = first - 1; after < last;) {
      const rows = page.all(after, last, pageSize)
      if (rows.length === 0) throw new FleetError("StoreDamaged", `the event at position ${after + 1} is gone`)
      for (const { head, data, salt, dataHash } of rows) {
        yield { head, data, seal: salt === null ? { dataHash } : { salt } }
      }
      after += rows.length
    }
  }

  /**
   * Reads the file back: its events must be those that the checkpoint vouches for, and found by what they say.
   * @throws FleetError `StoreDamaged`, `LedgerForked`
   */
  const proved = async (segment: Segment, { note, key }: ArchiveRequest, breathe: (done: number) => Promise<void>) => {
    const { first, last } = segment.range
    const { checkpoint, note: signed } = parseCheckpoint(note)
    const whole = new Edge(first, read.nodes(cover(0, first)))
    const own = new Edge()
    const index = new Index(first)
    for (let block = 0; block < segment.blocks; block++) {
      let position: number = segment.firstOf(block)
      await breathe(position - first)
      for (const { head, data, seal } of segment.read(block)) {
        const leaf = sealedLeaf(head, data, seal)
        whole.push(leaf)
        own.push(leaf)
        const row = indexed.get(position)
        if (row === undefined || !isFoundBy(head, row)) {
          const message = `the event at position ${position} is not found by what its envelope says; nothing was archived ("fleet-ledger verify" says more)`
          throw new FleetError("StoreDamaged", message)
        }
        index.add(row)
        position += 1
      }
    }
    const behind = cover(last + 1, checkpoint.size)
    read.nodes(behind).forEach((hash, i) => whole.push(hash, behind[i]?.level))
    if (
      checkpoint.origin !== segment.range.origin ||
      !isSignedBy(signed, key) ||
      !sameHash(whole.root(), checkpoint.root)
    ) {
      const message = `positions ${first} to ${last} are not what the checkpoint of ${checkpoint.size} events vouches for; nothing was archived ("fleet-ledger verify" says more)`
      throw new FleetError("LedgerForked", message)
    }
    return { root: own.root(), index }
  }

  /** From here on the ledger counts on the file. */
  const countOnIt = db.transaction(
    (
      { first, last }: Segment["range"],
      { root, index }: { readonly root: Hash; readonly index: Index },
      { hash, bytes }: { readonly hash: Buffer; readonly bytes: number },
      { metadata }: ArchiveRequest,
    ) => {
      const revision = read.revisionOf(ledgerStream)
      const data = {
        first,
        last,
        root: Buffer.from(root).toString("base64"),
        bytes,
        sha256: hash.toString("hex"),
      }
      const told = { type: "RangeArchived", data, metadata, observedAt: clock.now() } as const
      const command = `archive ${first}`
      const events = prepare(ledgerStream, revision, [told], command)
      const [outcome] = appendAll([{ stream: ledgerStream, expectedRevision: revision, events, command }])
      if (outcome instanceof FleetError) throw outcome
      if (first === 0) firstLeaf.run()
      insert.run({ first, last, root, bytes, hash, ...index.times() })
      for (const [streamNo, { revision: from, offsets }] of index.streams) {
        insertStream.run(first, streamNo, from, packed(offsets))
        end.run(streamNo, from + offsets.length - 1)
      }
      for (const [typeNo, offsets] of index.types) insertType.run(first, typeNo, packed(offsets))
    },
  )

  return {
    async archiveNext(request, step) {
      const first = archived.rows.watermark() + 1
      const last = lastOf(first, Math.min(request.upTo, parseCheckpoint(request.note).checkpoint.size - 1))
      if (last < first) return undefined
      const [firstOfAll] = read.nodes([{ level: 0, index: 0 }])
      const range = { origin: originOf(firstOfAll as Hash), first, last }
      const name = { first, last, generation: 0 }
      const partial = archived.folder.partialOf(name)
      let segment: Segment | undefined
      try {
        const events = counted(stored(first, last), (done) => step("events written", done))
        const written = await writeSegment(partial, range, events)
        syncFolder(archived.folder.path)
        segment = new Segment(partial, range)
        const proof = await proved(segment, request, (done) => step("events verified", done))
        await step("events verified", last - first + 1)
        countOnIt.immediate(range, proof, written, request)
      } catch (error) {
        fs.rmSync(partial, { force: true })
        throw error
      } finally {
        segment?.close()
      }
      // In the same turn: whoever reads from here on looks for it under its name.
      archived.folder.settle(name)
      await step("events archived", last - first + 1)
      return last
    },
    removeSome: () => removeSome.run(archived.rows.watermark(), removedAtOnce).changes > 0,
  }
}

/** By what the events of an archive are found, in the making. */
class Index {
  readonly streams = new Map<number, { readonly revision: number; readonly offsets: number[] }>()
  readonly types = new Map<number, number[]>()
  readonly #changes: number[] = []
  readonly #times: number[] = []
  readonly #first: number
  #count = 0

  constructor(first: number) {
    this.#first = first
  }

  add({ stream_no: streamNo, revision, type_no: typeNo, recorded_at: ms }: IndexRow): void {
    const offset = this.#count++
    const run = this.streams.get(streamNo)
    if (run === undefined) this.streams.set(streamNo, { revision, offsets: [offset] })
    else if (revision === run.revision + run.offsets.length) run.offsets.push(offset)
    else
      throw new FleetError(
        "StoreDamaged",
        `the event at position ${this.#first + offset} is not the next of its stream`,
      )
    const ofType = this.types.get(typeNo)
    if (ofType === undefined) this.types.set(typeNo, [offset])
    else ofType.push(offset)
    if (ms === this.#times.at(-1)) return
    this.#changes.push(offset)
    this.#times.push(ms)
  }

  times() {
    const [firstAt = 0] = this.#times
    const steps = packed(this.#times.map((ms) => ms - firstAt))
    return { firstAt, lastAt: this.#times.at(-1) ?? firstAt, times: packed(this.#changes), steps }
  }
}

function isFoundBy(text: string, { stream, revision, type, recorded_at: ms }: IndexRow): boolean {
  const head = JSON.parse(text) as EnvelopeHead
  return (
    head.stream === stream && head.revision === revision && head.type === type && Date.parse(head.recordedAt) === ms
  )
}

/** Tells of every page that passes. */
async function* counted<T>(items: AsyncIterable<T>, passed: (done: number) => Promise<void>): AsyncGenerator<T> {
  let done = 0
  for await (const item of items) {
    if (done % pageSize === 0) await passed(done)
    done += 1
    yield item
  }
}
