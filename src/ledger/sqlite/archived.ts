/** Reading what is in archives, by the same questions as what is in the ledger's file; a few open files and decoded blocks are kept. */
import type { Db } from "#sqlite/open.js"
import { ArchiveFolder } from "../archive/folder.js"
import type { BlockEvent } from "../archive/block.js"
import { Segment, unavailable } from "../archive/segment.js"
import { sealedLeaf } from "../leaf.js"
import { originOf } from "../proof/checkpoint.js"
import type { Hash } from "../proof/tree.js"
import { type ArchiveRow, type ArchiveRows, archiveRows } from "./archive-rows.js"

export interface ArchivedEvent extends BlockEvent {
  readonly position: number
}

const keptFiles = 8
/** Decoded blocks that are kept, by the characters of their texts. */
const keptCharacters = 8_388_608

interface Decoded {
  readonly events: readonly BlockEvent[]
  readonly characters: number
}

export class ArchivedEvents {
  readonly folder: ArchiveFolder
  readonly rows: ArchiveRows
  readonly #firstLeaf
  readonly #files = new Map<string, Segment>()
  readonly #blocks = new Map<string, Decoded>()
  #characters = 0

  constructor(db: Db) {
    this.folder = new ArchiveFolder(archiveFolderOf(db.name))
    this.rows = archiveRows(db)
    this.#firstLeaf = db.prepare<[], Hash>("SELECT hash FROM subtrees WHERE level = 0 AND no = 0").pluck()
  }

  /** @throws FleetError `ArchiveUnavailable` */
  at(position: number): ArchivedEvent {
    return this.page(position, position, 1)[0] as ArchivedEvent
  }

  /** Events from one position to another, both inclusive and up to the watermark; `limit` at most. @throws FleetError `ArchiveUnavailable` */
  page(from: number, to: number, limit: number): ArchivedEvent[] {
    const events: ArchivedEvent[] = []
    const end = Math.min(to + 1, from + limit)
    for (let position = from; position < end;) {
      const row = this.rows.holding(position)
      const segment = this.#segment(row)
      const block = segment.blockOf(position)
      const first = segment.firstOf(block)
      for (const { head, data, seal } of this.#read(segment, row, block).slice(position - first, end - first)) {
        events.push({ position, head, data, seal })
        position += 1
      }
    }
    return events
  }

  /** The positions of the archived events of these types behind `after`, `limit` at most. */
  ofTypes(typeNos: readonly number[], after: number, upTo: number, limit: number): number[] {
    const found: number[] = []
    for (const { first, last } of this.rows.all()) {
      if (last <= after || first > upTo || found.length >= limit) continue
      const here = typeNos.flatMap((typeNo) => this.rows.ofType(first, typeNo))
      found.push(...here.filter((position) => position > after && position <= upTo).sort((a, b) => a - b))
    }
    return found.slice(0, limit)
  }

  /** The positions of a stream's archived events from a revision on, or back from it, `limit` at most. */
  ofStream(streamNo: number, from: number, limit: number, backwards: boolean): number[] {
    const found: number[] = []
    const rows = backwards ? this.rows.all().toReversed() : this.rows.all()
    for (const { first } of rows) {
      if (found.length >= limit) break
      const run = this.rows.run(first, streamNo)
      if (run === undefined) continue
      const wanted = run.positions.filter((_, i) => (backwards ? run.revision + i <= from : run.revision + i >= from))
      found.push(...(backwards ? wanted.reverse() : wanted))
    }
    return found.slice(0, limit)
  }

  /** Leaves from one position to before another. The first of all is known without its archive: it is the ledger's name. */
  leaves(begin: number, end: number): Hash[] {
    if (begin === 0 && end === 1) return [this.#firstLeaf.get() as Hash]
    return this.page(begin, end - 1, end - begin).map(({ head, data, seal }) => sealedLeaf(head, data, seal))
  }

  /** The ledger's name; it has archives. */
  origin(): string {
    return originOf(this.#firstLeaf.get() as Hash)
  }

  /** Forgets what it knows of files that are going, or were replaced. */
  forget(): void {
    for (const segment of this.#files.values()) segment.close()
    this.#files.clear()
    this.#blocks.clear()
    this.#characters = 0
  }

  #segment(row: ArchiveRow): Segment {
    const file = this.folder.fileOf(row)
    const known = this.#files.get(file)
    if (known?.isThere() === true) return known
    if (known !== undefined) this.forget()
    const segment = this.open(row)
    this.#files.set(file, segment)
    const [oldest] = this.#files.keys()
    if (this.#files.size > keptFiles && oldest !== undefined) {
      this.#files.get(oldest)?.close()
      this.#files.delete(oldest)
    }
    return segment
  }

  /** The file, opened by itself. @throws FleetError `ArchiveUnavailable` unless it is there and the ledger's */
  open(row: ArchiveRow): Segment {
    const file = this.folder.fileOf(row)
    const { first, last, moved_to: movedTo } = row
    let segment: Segment
    try {
      segment = new Segment(file, row)
    } catch (error) {
      if (movedTo === null || !isMissing(error)) throw error
      const message = `positions ${first} to ${last} are in an archive that was moved to ${movedTo}; "fleet-ledger archive attach" puts it back`
      throw unavailable("missing", row, file, message, error)
    }
    const { range } = segment
    if (range.origin === this.origin() && range.first === first && range.last === last) {
      return segment
    }
    segment.close()
    const message = `the archive ${file} is another one: it holds positions ${range.first} to ${range.last} of ${range.origin}; put the one of positions ${first} to ${last} there with "fleet-ledger archive attach"`
    throw unavailable("foreign", row, file, message)
  }

  #read(segment: Segment, { first, generation }: ArchiveRow, block: number): readonly BlockEvent[] {
    const key = `${first}.${generation}.${block}`
    const known = this.#blocks.get(key)
    const decoded = known ?? this.#decoded(segment, block)
    this.#blocks.delete(key)
    this.#blocks.set(key, decoded)
    return decoded.events
  }

  #decoded(segment: Segment, block: number): Decoded {
    const events = segment.read(block)
    const characters = events.reduce((sum, { head, data }) => sum + head.length + data.length, 0)
    this.#characters += characters
    for (const [key, oldest] of this.#blocks) {
      if (this.#characters <= keptCharacters) break
      this.#blocks.delete(key)
      this.#characters -= oldest.characters
    }
    return { events, characters }
  }
}

/** Where the archives of a ledger's file lie. */
export function archiveFolderOf(file: string): string {
  return `${file}.archives`
}

function isMissing(error: unknown): boolean {
  return (error as { details?: { is?: unknown } }).details?.is === "missing"
}
