/**
 * What differs between two positions, unit by unit: by what the events between them touched, or by going through what is kept of records. Values are
 * compared as the texts that they are kept as, and only parsed where those differ.
 */
import { type Json, isObject } from "#kernel/json.js"
import { patchBetween } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Paths } from "./paths.js"
import { wholeRecord } from "./touches.js"

/** A unit that does not hold the same at two positions; undefined where it did not hold at all. */
export interface UnitDifference {
  readonly path: string
  readonly pathNo: number
  readonly before: Json | undefined
  readonly after: Json | undefined
  /** Of the event between the two that wrote it last; undefined for one that is gone: `lastEnd` finds it. */
  readonly written: Position | undefined
}

/** One that an event touched. Their order is that of the events. */
export interface Touched {
  readonly position: Position
  readonly recordNo: number
  readonly pathNo: number
}

/** A record and a path as one number: more records and paths than there ever are. */
const pathNumbers = 2 ** 26

type VersionRow = [recordNo: number, pathNo: number, since: Position, value: string]
/** What held at either end, and since when at the later one. */
type EndsRow = [recordNo: number, pathNo: number, before: string | null, after: string | null, written: Position | null]

/** Of all methods, the earlier position is first and not included, the later one is. */
export function betweenReader(db: Db, paths: Paths) {
  const touched = db
    .prepare<[number, number, number, number, number], [Position, number, number]>(
      `SELECT position, record_no, path_no FROM touched
       WHERE (position, record_no, path_no) > (?, ?, ?) AND position <= ? AND path_no <> ${wholeRecord}
       ORDER BY position, record_no, path_no LIMIT ?`,
    )
    .raw()
  const key = "record_no = r AND facet_no = f AND path_no = p"
  const held = (what: string, at: string) =>
    `(SELECT CASE WHEN until > ${at} THEN ${what} END FROM past_units WHERE ${key} AND since <= ${at} ORDER BY since DESC LIMIT 1)`
  // One statement for many units, as a call costs more than a seek.
  const ends = db
    .prepare<{ units: string; from: number; to: number }, EndsRow>(
      `WITH asked AS (
         SELECT j.value / ${pathNumbers} AS r, n.facet_no AS f, n.no AS p
         FROM json_each($units) j CROSS JOIN paths n ON n.no = j.value % ${pathNumbers})
       SELECT r, p, ${held("value", "$from")},
         iif(u.since <= $to, u.value, ${held("value", "$to")}),
         iif(u.since <= $to, u.since, ${held("since", "$to")})
       FROM asked LEFT JOIN units u ON ${key}
       WHERE u.since IS NULL OR u.since > $from`,
    )
    .raw()
  const changed = db
    .prepare<{ first: number; last: number; from: number; to: number }, VersionRow>(
      `SELECT record_no, path_no, since, value FROM units
       WHERE record_no BETWEEN $first AND $last AND since > $from AND since <= $to
       UNION ALL
       SELECT record_no, path_no, since, value FROM past_units
       WHERE record_no BETWEEN $first AND $last AND since <= $to AND until > $from AND (since <= $from) <> (until > $to)`,
    )
    .raw()
  const lastEnd = db
    .prepare<[number, number, number, number], Position>(
      `SELECT until FROM past_units WHERE record_no = ? AND facet_no = ? AND path_no = ? AND since <= ?
       ORDER BY since DESC LIMIT 1`,
    )
    .pluck()
  const lastRecord = db.prepare<[], number>("SELECT coalesce(max(no), 0) FROM records").pluck()
  const lastTouched = db.prepare<[], Position>("SELECT coalesce(max(position), -1) FROM touched").pluck()
  const discovered = db.prepare<[number], Position>("SELECT discovered FROM records WHERE no = ?").pluck()
  const allLinked = db.prepare<[], number>("SELECT DISTINCT record_no FROM links ORDER BY record_no").pluck()

  /** Adds what differs, if it does, to what is found of the record. */
  const add = (found: Map<number, UnitDifference[]>, [recordNo, pathNo, before, after, written]: EndsRow) => {
    if (before === after) return
    const [was, is] = [valueOf(before), valueOf(after)]
    // Members of an item may stand in another order.
    if (isObject(was) && isObject(is) && patchBetween(was, is).length === 0) return
    const difference = { path: paths.get(pathNo).path, pathNo, before: was, after: is, written: written ?? undefined }
    const units = found.get(recordNo)
    if (units === undefined) found.set(recordNo, [difference])
    else units.push(difference)
  }

  return {
    /** The next units that events touched, discoveries apart. */
    async touched(after: Touched, to: Position, limit: number): Promise<readonly Touched[]> {
      const rows = touched.all(after.position, after.recordNo, after.pathNo, to, limit)
      return rows.map(([position, recordNo, pathNo]) => ({ position, recordNo, pathNo }))
    },

    /** Those of some units of records that differ, by record. Costs two or three seeks a unit. */
    async units(
      asked: ReadonlyMap<number, Iterable<number>>,
      from: Position,
      to: Position,
    ): Promise<ReadonlyMap<number, readonly UnitDifference[]>> {
      const units = [...asked].flatMap(([recordNo, pathNos]) =>
        Array.from(pathNos, (no) => recordNo * pathNumbers + no),
      )
      const found = new Map<number, UnitDifference[]>()
      for (const row of ends.all({ units: JSON.stringify(units), from, to })) add(found, row)
      return found
    },

    /** All units that differ, of a range of records, by record. Costs what is kept of them. */
    async records(
      first: number,
      last: number,
      from: Position,
      to: Position,
    ): Promise<ReadonlyMap<number, readonly UnitDifference[]>> {
      const both = new Map<number, EndsRow>()
      for (const [recordNo, pathNo, since, value] of changed.all({ first, last, from, to })) {
        const unit = recordNo * pathNumbers + pathNo
        const row: EndsRow = both.get(unit) ?? [recordNo, pathNo, null, null, null]
        if (since <= from) row[2] = value
        else [row[3], row[4]] = [value, since]
        both.set(unit, row)
      }
      const found = new Map<number, UnitDifference[]>()
      for (const row of both.values()) add(found, row)
      return found
    },

    /** When a unit that does not hold at `to` ended. */
    lastEnd: async (recordNo: number, pathNo: number, to: Position): Promise<Position | undefined> =>
      lastEnd.get(recordNo, paths.get(pathNo).facetNo, pathNo, to),

    /** How many records were known by then: the number of the last one. */
    async knownBy(at: Position): Promise<number> {
      let [known, unknown] = [0, (lastRecord.get() ?? 0) + 1]
      while (unknown - known > 1) {
        const middle = Math.floor((known + unknown) / 2)
        if ((discovered.get(middle) ?? Infinity) <= at) known = middle
        else unknown = middle
      }
      return known
    },

    /** The last position that any record was altered at. */
    lastTouched: async (): Promise<Position> => lastTouched.get() as Position,

    /** All that were ever linked to another. */
    allLinked: async (): Promise<readonly number[]> => allLinked.all(),
  }
}

function valueOf(text: string | null): Json | undefined {
  return text === null ? undefined : (JSON.parse(text) as Json)
}
