/** What the ledger's file keeps of its archives, unpacked, and kept in memory for the archives that were asked about last. */
import type { Db } from "#sqlite/open.js"
import { lastUpTo, unpacked } from "../archive/numbers.js"

export interface ArchiveRow {
  readonly first: number
  readonly last: number
  readonly root: Buffer
  readonly first_at: number
  readonly last_at: number
  readonly generation: number
  readonly bytes: number
  readonly sha256: Buffer
  readonly moved_to: string | null
}

/** Consecutive events of a stream in one archive. */
export interface ArchivedRun {
  /** Of the first of them. */
  readonly revision: number
  readonly positions: readonly number[]
}

/** By what an event in an archive is found. */
export interface FoundBy {
  readonly streamNo: number
  readonly revision: number
  readonly typeNo: number
}

const columns = "first, last, root, first_at, last_at, generation, bytes, sha256, moved_to"
/** Archives whose times or index are kept in memory, each some hundred kB. */
const keptArchives = 4

export type ArchiveRows = ReturnType<typeof archiveRows>

export function archiveRows(db: Db) {
  const last = db.prepare<[], number>("SELECT last FROM archives ORDER BY first DESC LIMIT 1").pluck()
  const all = db.prepare<[], ArchiveRow>(`SELECT ${columns} FROM archives ORDER BY first`)
  const holding = db.prepare<[number], ArchiveRow>(
    `SELECT ${columns} FROM archives WHERE first <= ? ORDER BY first DESC LIMIT 1`,
  )
  const beganBy = db.prepare<[number], ArchiveRow>(
    `SELECT ${columns} FROM archives WHERE first_at <= ? ORDER BY first DESC LIMIT 1`,
  )
  const times = db.prepare<[number], { first_at: number; times: Buffer; steps: Buffer }>(
    "SELECT first_at, times, steps FROM archives WHERE first = ?",
  )
  const end = db.prepare<[number], number>("SELECT revision FROM archived_ends WHERE stream_no = ?").pluck()
  const ofStream = db.prepare<[number, number], { revision: number; offsets: Buffer }>(
    "SELECT revision, offsets FROM archived_streams WHERE archive = ? AND stream_no = ?",
  )
  const ofType = db
    .prepare<[number, number], Buffer>("SELECT offsets FROM archived_types WHERE archive = ? AND type_no = ?")
    .pluck()
  const streams = db.prepare<[number], { stream_no: number; revision: number; offsets: Buffer }>(
    "SELECT stream_no, revision, offsets FROM archived_streams WHERE archive = ?",
  )
  const types = db.prepare<[number], { type_no: number; offsets: Buffer }>(
    "SELECT type_no, offsets FROM archived_types WHERE archive = ?",
  )
  const positions = (first: number, offsets: Buffer) => unpacked(offsets).map((offset) => first + offset)

  /** Where in an archive the time of recording is another, and which it is from there on. */
  const timesOf = kept((first: number) => {
    const row = times.get(first)
    const [offsets, steps] = row === undefined ? [[], []] : [unpacked(row.times), unpacked(row.steps)]
    return { offsets, ms: steps.map((step) => (row?.first_at ?? 0) + step) }
  })
  const foundBy = kept((first: number): ReadonlyMap<number, FoundBy> => {
    const found = new Map<number, { streamNo: number; revision: number; typeNo: number }>()
    for (const { stream_no: streamNo, revision, offsets } of streams.all(first)) {
      unpacked(offsets).forEach((offset, i) =>
        found.set(first + offset, { streamNo, revision: revision + i, typeNo: 0 }),
      )
    }
    for (const { type_no: typeNo, offsets } of types.all(first)) {
      for (const offset of unpacked(offsets)) {
        const event = found.get(first + offset)
        if (event !== undefined) event.typeNo = typeNo
      }
    }
    return found
  })

  return {
    /** The last position that is in an archive; −1 if none is. */
    watermark: (): number => last.get() ?? -1,
    all: (): readonly ArchiveRow[] => all.all(),
    /** The archive of a position up to the watermark. */
    holding: (position: number): ArchiveRow => holding.get(position) as ArchiveRow,
    /** ms since the epoch at which an archived event was recorded. */
    recordedMs(position: number): number {
      const { first } = holding.get(position) as ArchiveRow
      const { offsets, ms } = timesOf(first)
      return ms[lastUpTo(offsets, position - first)] as number
    },
    /** The last archived position that was recorded by then; −1 if there is none. */
    lastBy(wanted: number): number {
      const row = beganBy.get(wanted)
      if (row === undefined) return -1
      const { offsets, ms } = timesOf(row.first)
      const next = offsets[lastUpTo(ms, wanted) + 1]
      return next === undefined ? row.last : row.first + next - 1
    },
    /** The last archived revision of a stream; −1 if none is. */
    endOf: (streamNo: number): number => end.get(streamNo) ?? -1,
    /** What an archive has of a stream. */
    run(first: number, streamNo: number): ArchivedRun | undefined {
      const row = ofStream.get(first, streamNo)
      return row && { revision: row.revision, positions: positions(first, row.offsets) }
    },
    /** Where an archive has events of a type. */
    ofType: (first: number, typeNo: number): readonly number[] =>
      positions(first, ofType.get(first, typeNo) ?? Buffer.alloc(0)),
    foundBy: (position: number): FoundBy | undefined =>
      foundBy((holding.get(position) as ArchiveRow).first).get(position),
  }
}

/** Remembers what was asked for last: archives never change. */
function kept<T>(make: (first: number) => T): (first: number) => T {
  const known = new Map<number, T>()
  return (first) => {
    const value = known.get(first) ?? make(first)
    known.delete(first)
    known.set(first, value)
    for (const oldest of known.keys()) {
      if (known.size <= keptArchives) break
      known.delete(oldest)
    }
    return value
  }
}
