/** Reading: bounded pages over a connection that cannot write. */
import { type RecordedEvent, isEventType, upcast } from "#events/catalog.js"
import type { Statement } from "better-sqlite3"
import type { Db } from "#sqlite/open.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import { type EnvelopeHead, sealedLeaf } from "../leaf.js"
import { type ReadAll, type ReadStream, type IndexedEvent, noStream } from "../port.js"
import { type Subtree, hashBytes } from "../proof/tree.js"
import type { ArchivedEvents } from "./archived.js"
import { payload, unpacks } from "./payload.js"
import { streamNamed } from "./schema.js"
import { treeReader } from "./tree.js"

export interface Row {
  readonly position: number
  readonly head: string
  readonly data: string
}

/** As an array, and its bytes as one text: half of what an object with two blobs costs. */
type StoredRow = readonly [
  position: number,
  head: string,
  data: string,
  /** In hexadecimal: the leaf, and behind it what it commits to the payload with. */
  sealed: string,
  stream: string,
  revision: number,
  typeNo: number,
  recordedMs: number,
]

interface NextPage {
  readonly upTo: Position
  readonly limit: number
  readonly characters: number
}

/** Events of archives are decompressed together: so many. */
const archivedAtOnce = 256

export function reader(db: Db, archived: ArchivedEvents) {
  unpacks(db)
  const storedPage = db
    .prepare<[number, number, number], StoredRow>(
      `SELECT position, head, ${payload}, hex(leaf || coalesce(salt, data_hash)),
         coalesce((SELECT name FROM streams WHERE no = stream_no), ''), revision, type_no, recorded_at
       FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
    )
    .raw()
  const streamName = db.prepare<[number], string>("SELECT name FROM streams WHERE no = ?").pluck()
  const streamNo = db.prepare<[string], number>(streamNamed).pluck()
  const typeName = db.prepare<[number], string>("SELECT name FROM types WHERE no = ?").pluck()
  const typeNos = db
    .prepare<[string], number>("SELECT no FROM types WHERE name IN (SELECT value FROM json_each(?))")
    .pluck()
  const tree = treeReader(db, archived)
  const page = db.prepare<[number, number, number], Row>(
    `SELECT position, head, ${payload} AS data FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
  )
  const pageOfTypes = db.prepare<[number, number, string, number], Row>(
    `SELECT position, head, ${payload} AS data FROM events
     WHERE position > ? AND position <= ? AND type_no IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?`,
  )
  const ofStream = db.prepare<[number, number, number], Row>(
    `SELECT position, head, ${payload} AS data FROM events WHERE stream_no = ? AND revision >= ? ORDER BY revision LIMIT ?`,
  )
  const ofStreamBackwards = db.prepare<[number, number, number, number], Row>(
    `SELECT position, head, ${payload} AS data FROM events WHERE stream_no = ? AND revision <= ? AND revision > ?
     ORDER BY revision DESC LIMIT ?`,
  )
  const one = db.prepare<[number], Row>(`SELECT position, head, ${payload} AS data FROM events WHERE position = ?`)
  const headRow = db.prepare<[], { position: number; recorded_at: number }>(
    "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1",
  )
  const recordedAt = db.prepare<[number], number>("SELECT recorded_at FROM events WHERE position = ?").pluck()
  const revision = db
    .prepare<[number], number>("SELECT revision FROM events WHERE stream_no = ? ORDER BY revision DESC LIMIT 1")
    .pluck()

  const recordedMs = (position: number): number | undefined =>
    position <= archived.rows.watermark() ? archived.rows.recordedMs(position) : recordedAt.get(position)
  const timeOf = (position: Position): Instant => {
    if (position === origin) return instant(0)
    const ms = recordedMs(position)
    if (ms === undefined) throw new FleetError("NotFound", `there is no event at position ${position}`)
    return instantAt(position, ms)
  }

  /** A stream's events from a revision on: first those that are in archives. */
  const forwards = (stream: number, from: number, limit: number): Row[] => {
    const end = archived.rows.endOf(stream)
    const old = from > end ? [] : archived.ofStream(stream, from, limit, false).map((at) => archived.at(at))
    return [...old, ...ofStream.all(stream, Math.max(from, end + 1), limit - old.length)]
  }
  const backwardsFrom = (stream: number, from: number, limit: number): Row[] => {
    const end = archived.rows.endOf(stream)
    const newer = ofStreamBackwards.all(stream, from, end, limit)
    const older = archived.ofStream(stream, Math.min(from, end), limit - newer.length, true)
    return [...newer, ...older.map((at) => archived.at(at))]
  }

  /** What is in archives as it would be stored here. */
  const archivedPage = (after: number, upTo: number, limit: number): IndexedEvent[] => {
    const [streams, types] = [namesOf(streamName), namesOf(typeName)]
    return archived.page(after + 1, upTo, limit).map(({ position, head, data, seal }) => {
      const foundBy = archived.rows.foundBy(position)
      const indexed = {
        stream: foundBy === undefined ? "" : streams(foundBy.streamNo),
        revision: foundBy?.revision ?? noStream,
        type: foundBy === undefined ? "" : types(foundBy.typeNo),
        recordedAt: timeOf(position as Position),
      }
      return { position: position as Position, head, data, seal, leaf: sealedLeaf(head, data, seal), indexed }
    })
  }
  const keptPage = (after: number, upTo: number, limit: number): IndexedEvent[] => {
    const [types, times] = [namesOf(typeName), instants()]
    return storedPage
      .all(after, upTo, limit)
      .map(([position, head, data, sealed, stream, revisionOfIt, typeNo, ms]) => ({
        position: position as Position,
        head,
        data,
        ...unsealed(sealed),
        indexed: { stream, revision: revisionOfIt, type: types(typeNo), recordedAt: times(ms) },
      }))
  }

  return {
    stream(name: StreamName, { from, limit, backwards = false }: ReadStream): RecordedEvent[] {
      const stream = streamNo.get(name)
      if (stream === undefined) return []
      const rows = backwards
        ? backwardsFrom(stream, from ?? Number.MAX_SAFE_INTEGER, limit)
        : forwards(stream, from ?? 0, limit)
      return rows.map(eventOf)
    },
    /** The events of a stream behind a revision, as they are stored. */
    behind: (stream: number, known: number, limit: number): readonly Row[] => forwards(stream, known + 1, limit),
    all({ after, upTo = lastPosition, types, limit }: ReadAll): RecordedEvent[] {
      const watermark = archived.rows.watermark()
      const nos = types === undefined ? undefined : typeNos.all(JSON.stringify(types))
      const [end, since] = [Math.min(upTo, watermark), Math.max(after, watermark)]
      const old =
        after >= end
          ? []
          : nos === undefined
            ? archived.page(after + 1, end, limit)
            : archived.ofTypes(nos, after, end, limit).map((position) => archived.at(position))
      const left = limit - old.length
      const rows =
        nos === undefined ? page.all(since, upTo, left) : pageOfTypes.all(since, upTo, JSON.stringify(nos), left)
      return [...old, ...rows].map(eventOf)
    },
    /** The next ones, at least one if there is any: no more than `limit`, nor than makes about so many characters. */
    next(after: Position, { upTo, limit, characters }: NextPage): RecordedEvent[] {
      const watermark = archived.rows.watermark()
      const rows =
        after < watermark
          ? archived.page(after + 1, watermark, Math.min(limit, archivedAtOnce))
          : page.iterate(after, upTo, limit)
      const events: RecordedEvent[] = []
      let read = 0
      for (const row of rows) {
        events.push(eventOf(row))
        read += row.head.length + row.data.length
        if (read >= characters) break
      }
      return events
    },
    stored({ after, upTo = lastPosition, limit }: Omit<ReadAll, "types">): IndexedEvent[] {
      const watermark = archived.rows.watermark()
      // In front of the first event, where nothing belongs.
      const before = after < origin ? keptPage(after, Math.min(upTo, origin), limit) : []
      const since = Math.max(after, origin)
      const old =
        since >= Math.min(upTo, watermark) ? [] : archivedPage(since, Math.min(upTo, watermark), limit - before.length)
      const kept = keptPage(Math.max(since, watermark), upTo, limit - before.length - old.length)
      return [...before, ...old, ...kept]
    },
    nodes: (subtrees: readonly Subtree[]) => subtrees.map(tree.node),
    at(positions: readonly Position[]): RecordedEvent[] {
      const watermark = archived.rows.watermark()
      const rows = positions.flatMap((position) =>
        position >= 0 && position <= watermark ? archived.at(position) : (one.get(position) ?? []),
      )
      return rows.map(eventOf)
    },
    head(): Point {
      const row = headRow.get()
      return row === undefined
        ? { position: origin, time: instant(0) }
        : { position: row.position as Position, time: instantAt(row.position, row.recorded_at) }
    },
    timeOf,
    revisionOf(name: StreamName): number {
      const stream = streamNo.get(name)
      return stream === undefined ? noStream : (revision.get(stream) ?? archived.rows.endOf(stream))
    },
    /** Binary search: `recorded_at` never runs backwards along positions. */
    positionAt(time: Instant): Position {
      const wanted = epochMs(time)
      const watermark = archived.rows.watermark()
      let low = watermark
      let high = headRow.get()?.position ?? origin
      while (low < high) {
        // Not `ceil`: of −1 and 0 it makes −0.
        const middle = Math.floor((low + high + 1) / 2)
        if ((recordedAt.get(middle) as number) <= wanted) low = middle
        else high = middle - 1
      }
      return (low > watermark ? low : archived.rows.lastBy(wanted)) as Position
    },
  }
}

const lastPosition = Number.MAX_SAFE_INTEGER as Position

/** A salt is shorter than the hash that a redaction leaves. */
function unsealed(hex: string): Pick<IndexedEvent, "leaf" | "seal"> {
  const bytes = Buffer.from(hex, "hex")
  const leaf = bytes.subarray(0, hashBytes)
  const rest = bytes.subarray(hashBytes)
  return { leaf, seal: rest.length < hashBytes ? { salt: rest } : { dataHash: rest } }
}

/** Times as text; those of an append are all the same. What is no time is the epoch, when nothing is recorded. */
function instants(): (ms: number) => Instant {
  let [last, text] = [0, instant(0)]
  return (ms) => {
    if (ms !== last) [last, text] = [ms, instant(isTime(ms) ? ms : 0)]
    return text
  }
}

function instantAt(position: number, ms: number): Instant {
  if (isTime(ms)) return instant(ms)
  throw new FleetError(
    "StoreDamaged",
    `the event at position ${position} is damaged (its time is none); restore the ledger from a backup`,
  )
}

function isTime(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime())
}

/** Names by their numbers, each looked up once; one that is not there is empty. */
function namesOf(name: Statement<[number], string>): (no: number) => string {
  const known = new Map<number, string>()
  return (no) => {
    const found = known.get(no) ?? name.get(no) ?? ""
    known.set(no, found)
    return found
  }
}

/** What was validated when it was written is trusted when it is read. */
function eventOf(row: Row): RecordedEvent {
  const head = parsed(row, "head") as EnvelopeHead
  const { type, schemaVersion } = head
  if (!isEventType(type)) {
    throw new FleetError(
      "UnknownEventType",
      `the ledger holds a "${type}" at position ${row.position}, which this fleet-ledger does not know`,
    )
  }
  const data = upcast(type, schemaVersion, parsed(row, "data") as JsonObject)
  // Into what was just parsed: a copy of each envelope is a tenth of what reading takes.
  return Object.assign(head, { position: row.position, data }) as unknown as RecordedEvent
}

/** SQLite has no checksums: a bit that fell over inside a text shows only here, if at all (a proof always shows it). */
function parsed(row: Row, column: "head" | "data"): unknown {
  try {
    return JSON.parse(row[column])
  } catch (cause) {
    throw new FleetError(
      "StoreDamaged",
      `the event at position ${row.position} is damaged (its ${column} is not JSON); restore the ledger from a backup`,
      { cause },
    )
  }
}
