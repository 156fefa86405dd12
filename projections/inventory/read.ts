/** Reading the inventory at a position. The same statements answer now and then: what holds and began by then, or has ended since. */
import type { RecordId, StreamName } from "#kernel/ids.js"
import type { Json, JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Statement } from "better-sqlite3"
import type { Db } from "#sqlite/open.js"
import { betweenReader } from "./between.js"
import { noiseReader } from "./noise.js"
import { type NumberedPath, pathReader } from "./paths.js"
import { heldUnits } from "./held.js"
import { documentTexts } from "./texts.js"
import { type Unit, documentOf } from "./units.js"

export const kinds = ["target", "service", "stack"] as const
export type Kind = (typeof kinds)[number]

/** What never changes of a record. */
export interface RecordRow {
  readonly no: number
  readonly id: RecordId
  readonly kind: Kind
  readonly source: string
  readonly nativeKey: string
  readonly generation: number
  /** The target that it runs on; a target's own id. */
  readonly targetId: RecordId
  readonly discovered: Position
}

/** Where its events are. */
export function streamOf({ kind, id }: RecordRow): StreamName {
  return `${kind}-${id}` as StreamName
}

/** A record with what tells whether it is there. */
export interface PlacedRecord extends RecordRow {
  /** As it is called at the position that was asked about. */
  readonly name: string
  readonly lifecycle: string | null
  /** Whether it was ever linked to another, or another to it. */
  readonly everLinked: boolean
}

const recordColumns = `r.no, r.id, r.kind, r.source, r.native_key AS nativeKey, r.generation, r.discovered,
  (SELECT id FROM records WHERE no = r.target_no) AS targetId`

/** Whether a link holds at a position, as an SQL condition. */
const holds = (at: string) => `since <= ${at} AND (until IS NULL OR until > ${at})`
/** The numbers of a target's records at a position, as an SQL query: the oldest, and those that are linked to it. */
const membersAt = (target: string, at: string) => `SELECT no FROM records WHERE id = ${target}
  UNION SELECT record_no FROM links WHERE target_no = (SELECT no FROM records WHERE id = ${target}) AND ${holds(at)}`
/** The value of a unit at a position as an SQL expression: NULL where it did not hold. */
const valueAt = (record: string, path: string, at: string) => `coalesce(
  (SELECT value FROM units JOIN paths p ON p.no = path_no
    WHERE record_no = ${record} AND units.facet_no = p.facet_no AND p.path = ${path} AND since <= ${at}),
  (SELECT CASE WHEN until > ${at} THEN value END FROM past_units JOIN paths p ON p.no = path_no
    WHERE record_no = ${record} AND past_units.facet_no = p.facet_no AND p.path = ${path} AND since <= ${at}
    ORDER BY since DESC LIMIT 1))`

/** The numbers of entities that were called so by a position. */
const called = `SELECT no FROM entity_names WHERE kind IN (${kinds.map((kind) => `'${kind}'`).join()}) AND name = $name AND since <= $at`
/** Of records that were linked, and of what they were linked to: they may be called otherwise than the entity. */
const everLinked = "SELECT record_no FROM links UNION SELECT target_no FROM links"

export type InventoryReader = ReturnType<typeof inventoryReader>

export function inventoryReader(db: Db) {
  const paths = pathReader(db)
  const byId = remembering(db.prepare<[string], RecordRow>(`SELECT ${recordColumns} FROM records r WHERE r.id = ?`))
  const byNo = db.prepare<[number], RecordRow>(`SELECT ${recordColumns} FROM records r WHERE r.no = ?`)
  const ofNativeKey = db.prepare<[string, string], RecordRow>(
    `SELECT ${recordColumns} FROM records r WHERE r.native_key = ? AND r.source = ? AND r.kind = 'target' ORDER BY r.no`,
  )
  const ofSource = db.prepare<[string], RecordRow>(
    `SELECT ${recordColumns} FROM records r WHERE r.source = ? ORDER BY r.no`,
  )

  const texts = documentTexts(db, paths)
  const placed = db.prepare<{ nos: string; at: number }, Omit<PlacedRecord, "everLinked"> & { everLinked: number }>(
    `SELECT ${recordColumns}, coalesce(json_extract(${valueAt("r.no", "'/identity/name'", "$at")}, '$'), r.native_key) AS name,
       json_extract(${valueAt("r.no", "'/lifecycle'", "$at")}, '$') AS lifecycle,
       EXISTS (SELECT 1 FROM links WHERE record_no = r.no) OR EXISTS (SELECT 1 FROM links WHERE target_no = r.no) AS everLinked
     FROM json_each($nos) j CROSS JOIN records r ON r.no = j.value`,
  )
  const under = db.prepare<[string], RecordRow>(
    `SELECT ${recordColumns} FROM records r
     WHERE r.target_no = (SELECT no FROM records WHERE id = ?) AND r.kind <> 'target' ORDER BY r.no`,
  )

  const unitColumns = "path_no AS pathNo, since, value"
  const everything = db.prepare<UnitsQuery, UnitRow>(heldUnits(unitColumns, "record"))
  const oneFacet = db.prepare<UnitsQuery & { readonly facet: number }, UnitRow>(heldUnits(unitColumns, "facet"))
  const ofUnit = "record_no = $record AND facet_no = $facet AND path_no = $path AND since <= $at"
  const oneUnit = db
    .prepare<UnitsQuery & { readonly facet: number; readonly path: number }, string>(
      `SELECT value FROM units WHERE ${ofUnit}
       UNION ALL
       SELECT value FROM (SELECT until, value FROM past_units WHERE ${ofUnit} ORDER BY since DESC LIMIT 1) WHERE until > $at`,
    )
    .pluck()

  const gone = db
    .prepare<{ record: number; at: number }, Position | null>(
      `SELECT max(until) FROM past_units JOIN paths p ON p.no = path_no
       WHERE record_no = $record AND past_units.facet_no = p.facet_no AND p.path = '/lifecycle'
         AND value = '"observed"' AND until <= $at AND ${valueAt("$record", "'/lifecycle'", "$at")} <> '"observed"'`,
    )
    .pluck()

  const names = db.prepare<{ name: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r
     WHERE r.no IN (${called} UNION ${everLinked}) AND r.discovered <= $at AND json_extract(${valueAt("r.no", "'/identity/name'", "$at")}, '$') = $name ORDER BY r.no`,
  )
  const formerNames = db.prepare<{ name: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r WHERE r.no IN (${called} UNION ${everLinked}) AND EXISTS (
       SELECT 1 FROM paths p JOIN past_units u ON u.record_no = r.no AND u.facet_no = p.facet_no AND u.path_no = p.no
       WHERE p.path = '/identity/name' AND u.since <= $at AND json_extract(u.value, '$') = $name) ORDER BY r.no`,
  )
  const nativeNames = db.prepare<{ name: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r WHERE r.native_key = $name AND r.discovered <= $at ORDER BY r.no`,
  )
  const members = db.prepare<{ target: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r WHERE r.no IN (${membersAt("$target", "$at")}) ORDER BY r.no`,
  )
  const linkedTo = db.prepare<{ record: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r
     WHERE r.no = (SELECT target_no FROM links WHERE record_no = (SELECT no FROM records WHERE id = $record) AND ${holds("$at")})`,
  )

  /** Where nothing was ever linked, nobody has to look for what is. */
  const anyLink = db.prepare<[], number>("SELECT EXISTS (SELECT 1 FROM links)").pluck()

  /** Of the services on the same machine, those that were said to be part of a stack of that name. */
  const ofStack = db.prepare<{ no: number; name: string; at: number }, RecordRow>(
    `SELECT ${recordColumns} FROM records r JOIN records stack ON stack.no = $no
     WHERE r.target_no = stack.target_no AND r.kind = 'service' AND r.source = stack.source AND EXISTS (
       SELECT 1 FROM paths p JOIN units u ON u.record_no = r.no AND u.facet_no = p.facet_no AND u.path_no = p.no
       WHERE p.path = '/config/stack' AND u.value = $name AND u.since <= $at
       UNION ALL
       SELECT 1 FROM paths p JOIN past_units u ON u.record_no = r.no AND u.facet_no = p.facet_no AND u.path_no = p.no
       WHERE p.path = '/config/stack' AND u.value = $name AND u.since <= $at)
     ORDER BY r.no`,
  )

  const unit = ({ pathNo, value }: UnitRow) => ({ path: paths.get(pathNo).path, value: JSON.parse(value) as Json })

  const between = betweenReader(db, paths)
  return {
    noise: noiseReader(db),
    between,

    record: async (id: string): Promise<RecordRow | undefined> => byId(id),

    recordByNo: async (no: number): Promise<RecordRow | undefined> => byNo.get(no),

    /** The records with these numbers as they are at a position. Numbers are given from 1 on, without gaps, in the order of discovery. */
    placed: async (nos: readonly number[], at: Position): Promise<readonly PlacedRecord[]> =>
      placed.all({ nos: JSON.stringify(nos), at }).map((row) => ({ ...row, everLinked: row.everLinked === 1 })),

    /** What ever ran on the machine that a record tells of: services and stacks, retired ones too, oldest first. */
    recordsUnder: async (targetRecordId: string): Promise<readonly RecordRow[]> => under.all(targetRecordId),

    /** The records of a target, oldest first: that one, and those that are linked to it at a position. */
    async membersOf(targetId: string, at: Position): Promise<readonly RecordRow[]> {
      if (anyLink.get() === 1) return members.all({ target: targetId, at })
      const record = byId(targetId)
      return record === undefined ? [] : [record]
    },

    /** The record that a record is linked to at a position, so the target's oldest; undefined when it is that itself. */
    linkOf: async (recordId: string, at: Position): Promise<RecordRow | undefined> =>
      anyLink.get() === 1 ? linkedTo.get({ record: recordId, at }) : undefined,

    /** The services that are part of a stack at a position, or were before, gone ones too. */
    async servicesOf(stack: RecordRow, name: Json, at: Position): Promise<readonly RecordRow[]> {
      return ofStack.all({ no: stack.no, name: JSON.stringify(name), at })
    },

    /** The machines that a source ever called so, oldest first. */
    machinesCalled: async (source: string, nativeKey: string): Promise<readonly RecordRow[]> =>
      ofNativeKey.all(nativeKey, source),

    /** All records of a source, retired ones too, oldest first. */
    recordsOf: async (source: string): Promise<readonly RecordRow[]> => ofSource.all(source),

    /** The document of a record at a position, or some of its facets. Empty before it was discovered. */
    async document(recordNo: number, at: Position, facets?: readonly string[]): Promise<JsonObject> {
      if (facets === undefined) return documentIn(texts(recordNo, at))
      const known = facets.flatMap((facet) => paths.find(`/${facet}`) ?? [])
      return documentOf(known.flatMap(({ no }) => oneFacet.all({ record: recordNo, at, facet: no })).map(unit))
    },

    /** The units of a record at a position, each with the position of the event that wrote it last; all, or those of one facet. */
    async unitsOf(recordNo: number, at: Position, facet?: string): Promise<readonly HeldUnit[]> {
      const facetNo = facet === undefined ? undefined : paths.find(`/${facet}`)?.no
      if (facet !== undefined && facetNo === undefined) return []
      const rows =
        facetNo === undefined
          ? everything.all({ record: recordNo, at })
          : oneFacet.all({ record: recordNo, at, facet: facetNo })
      return rows.map((row) => ({ ...unit(row), since: row.since }))
    },

    /** Whether any record ever had something there. */
    isPath: async (path: string): Promise<boolean> => paths.find(path) !== undefined,
    /** The whole document as JSON, by its top-level members: what is only written somewhere need not be understood. */
    texts: async (recordNo: number, at: Position): Promise<ReadonlyMap<string, string>> => texts(recordNo, at),

    /** The value of one unit at a position; undefined when it did not hold. */
    async value(recordNo: number, path: string, at: Position): Promise<Json | undefined> {
      const numbered: NumberedPath | undefined = paths.find(path)
      if (numbered === undefined) return undefined
      const value = oneUnit.get({ record: recordNo, at, facet: numbered.facetNo, path: numbered.no })
      return value === undefined ? undefined : (JSON.parse(value) as Json)
    },

    /** When a unit that does not hold at a position ended; undefined where it never held before. */
    async ended(recordNo: number, path: string, at: Position): Promise<Position | undefined> {
      const numbered = paths.find(path)
      return numbered && between.lastEnd(recordNo, numbered.no, at)
    },

    /** Since when a record is not observed any more, at a position; undefined when it is. */
    async goneSince(recordNo: number, at: Position): Promise<Position | undefined> {
      const lifecycle = paths.find("/lifecycle")
      const held = lifecycle && oneUnit.get({ record: recordNo, at, facet: lifecycle.facetNo, path: lifecycle.no })
      return held === '"observed"' ? undefined : (gone.get({ record: recordNo, at }) ?? undefined)
    },

    /** Records whose name at `at` is `name`; where there are none, those that a source calls so, else those that bore it before. */
    async named(name: string, at: Position): Promise<readonly RecordRow[]> {
      const now = names.all({ name, at })
      if (now.length > 0) return now
      const native = nativeNames.all({ name, at })
      return native.length > 0 ? native : formerNames.all({ name, at })
    },
  }
}

/** Records that are remembered: they never change, and the same are asked for by one rule after the other. */
const mostRemembered = 200

function remembering(find: Statement<[string], RecordRow>): (id: string) => RecordRow | undefined {
  const known = new Map<string, RecordRow>()
  return (id) => {
    const remembered = known.get(id)
    if (remembered !== undefined) return remembered
    const found = find.get(id)
    if (known.size >= mostRemembered) known.clear()
    if (found !== undefined) known.set(id, found)
    return found
  }
}

export interface HeldUnit extends Unit {
  /** Of the event that wrote it last. */
  readonly since: Position
}

interface UnitsQuery {
  readonly record: number
  readonly at: number
}

interface UnitRow {
  readonly pathNo: number
  readonly since: Position
  readonly value: string
}

function documentIn(texts: ReadonlyMap<string, string>): JsonObject {
  const members = [...texts].map(([name, text]) => `${JSON.stringify(name)}:${text}`)
  return JSON.parse(`{${members.join(",")}}`) as JsonObject
}
