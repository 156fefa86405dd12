/** Folds events into the inventory's tables, unit by unit: the cost follows what an event changes, not the size of its record. */
import { type EventOf, type RecordedEvent, catalog } from "#events/catalog.js"
import { bug } from "#kernel/errors.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { type PatchOperation, applyPatch } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { rowsInto } from "#sqlite/rows.js"
import type { Later, Projection } from "../projection.js"
import { itemValueWriter } from "./item-values.js"
import { patchOf, subjectOf } from "./patch-of.js"
import { type NumberedPath, type Place, pathWriter } from "./paths.js"
import { type RecordNumbers, recordOf } from "./record-numbers.js"
import { inventoryIndices, inventoryTables } from "./tables.js"
import { touchWriter } from "./touches.js"
import { isItem, isOneUnit, unitAt, unitsOf } from "./units.js"

export const inventoryProjection: Projection = {
  name: "inventory",
  version: 6,
  tables: inventoryTables,
  indices: inventoryIndices,
  projector,
}

type Discovered = EventOf<"TargetDiscovered" | "ServiceDiscovered" | "StackDiscovered">

/** Of units, value by value. */
type Rows = (number | string)[]

function projector(db: Db, numbers: RecordNumbers, later: Later): (event: RecordedEvent) => void {
  const insertRecord = db.prepare<[string, string, string, string, number, number | null, number]>(
    `INSERT INTO records (id, kind, source, native_key, generation, target_no, discovered)
     VALUES (?, ?, ?, ?, ?, coalesce(?, (SELECT coalesce(max(no), 0) + 1 FROM records)), ?)`,
  )
  const insertUnits = rowsInto(db, "INSERT INTO units", 5)
  const key = "record_no = ? AND facet_no = ? AND path_no = ?"
  const readUnit = db.prepare<[number, number, number], string>(`SELECT value FROM units WHERE ${key}`).pluck()
  const number = "(SELECT no FROM records WHERE id = ?)"
  const insertLink = db.prepare<[string, string, number]>(`INSERT INTO links VALUES (${number}, ${number}, ?, NULL)`)
  const endLink = db.prepare<[number, string]>(
    `UPDATE links SET until = ? WHERE record_no = ${number} AND until IS NULL`,
  )
  const beneath = db.prepare<[number, number, string, string], NumberedPath>(
    `SELECT paths.no, path, paths.facet_no AS facetNo FROM units JOIN paths ON paths.no = path_no
     WHERE record_no = ? AND units.facet_no = ? AND path >= ? AND path < ? ORDER BY paths.no`,
  )
  const removeUnit = db.prepare<[number, number, number]>(`DELETE FROM units WHERE ${key}`)
  const endUnit = db.prepare<[number, number, number, number]>(`UPDATE units SET since = ? WHERE ${key}`)
  const replaceUnit = db.prepare<[number, string, number, number, number, number]>(
    `UPDATE units SET since = ?, value = ? WHERE ${key} AND (value <> '{}' OR ?)`,
  )
  const { numbered, member } = pathWriter(db)
  const touches = touchWriter(db, numbered)
  const noteValue = itemValueWriter(db, later)

  /** Every unit of a value that begins at a place. */
  const collect = (record: number, place: Place, value: Json, position: Position, rows: Rows): void => {
    const holds = isObject(value) && !place.isItem
    const text = holds ? "{}" : JSON.stringify(value)
    if (place.isItem) noteValue(record, place, text)
    rows.push(record, place.facetNo, place.no, position, text)
    if (!holds) return
    for (const name of Object.keys(value)) collect(record, member(place, name), value[name] as Json, position, rows)
  }

  const begin = (record: number, at: string, value: Json, position: Position): void => {
    const rows: Rows = []
    for (const unit of unitsOf(at, value)) {
      const path = numbered(unit.path)
      const text = JSON.stringify(unit.value)
      touches.begun(position, record, path)
      if (isItem(unit.path)) noteValue(record, path, text)
      rows.push(record, path.facetNo, path.no, position, text)
    }
    insertUnits(rows)
  }

  const end = (record: number, path: string, position: Position) => {
    const own = numbered(path)
    // "0" is the character after "/": the range holds the paths beneath this one, which go with it.
    for (const unit of [own, ...beneath.all(record, own.facetNo, `${path}/`, `${path}0`)]) {
      const ended = endUnit.run(position, record, unit.facetNo, unit.no)
      if (ended.changes === 0) throw unknownUnit(path, position)
      touches.block(position, unit)
      removeUnit.run(record, unit.facetNo, unit.no)
    }
  }

  /** Whether one scalar or item came in the place of another: what holds others is ended with them. */
  const replaced = (record: number, unit: NumberedPath, value: Json, position: Position): boolean => {
    if (!isOneUnit(unit.path, value)) return false
    const text = JSON.stringify(value)
    const holdsNone = isItem(unit.path) ? 1 : 0
    if (replaceUnit.run(position, text, record, unit.facetNo, unit.no, holdsNone).changes === 0) return false
    touches.block(position, unit)
    if (isItem(unit.path)) noteValue(record, unit, text)
    return true
  }

  const replace = (record: number, unit: NumberedPath, value: Json, position: Position) => {
    if (replaced(record, unit, value, position)) return
    end(record, unit.path, position)
    begin(record, unit.path, value, position)
  }

  const apply = (record: number, operation: PatchOperation, position: Position) => {
    if (operation.op === "test") return
    const { unit: path, inside } = unitAt(operation.path)
    if (inside === "" && operation.op === "remove") return end(record, path, position)
    const unit = numbered(path)
    if (inside === "" && operation.op === "replace" && replaced(record, unit, operation.value, position))
      return undefined
    const held = readUnit.get(record, unit.facetNo, unit.no)
    if (held !== undefined) {
      const value = inside === "" && operation.op !== "remove" ? operation.value : within(held, inside, operation)
      return replace(record, unit, value, position)
    }
    if (inside !== "" || operation.op === "remove") throw unknownUnit(path, position)
    return begin(record, path, operation.value, position)
  }

  const discover = (event: RecordedEvent & Discovered) => {
    const { source, nativeKey, generation } = event.data
    const target = event.type === "TargetDiscovered" ? null : numbers(`target-${event.data.target}`)?.no
    if (target === undefined) throw bug(`position ${event.position} names a target that was never discovered`)
    const { kind, id } = recordOf(event.stream)
    const record = Number(
      insertRecord.run(id, kind, source, nativeKey, generation, target, event.position).lastInsertRowid,
    )
    touches.discovery(event.position, record)
    const rows: Rows = []
    for (const [facet, value] of Object.entries(event.data.document as JsonObject))
      collect(record, member(undefined, facet), value, event.position, rows)
    insertUnits(rows)
  }

  const link = (event: RecordedEvent) => {
    if (event.type === "RecordsLinked") insertLink.run(event.data.record, event.data.target, event.position)
    if (event.type === "RecordsUnlinked") endLink.run(event.position, event.data.record)
  }

  return (event) => {
    if (isDiscovery(event)) return discover(event)
    if (!catalog[event.type].change) return undefined
    const record = numbers(subjectOf(event))?.no
    if (record === undefined)
      throw bug(`position ${event.position} alters ${subjectOf(event)}, which was never discovered`)
    for (const operation of patchOf(event)) apply(record, operation, event.position)
    link(event)
    return undefined
  }
}

/** Whether it is the first event of a record. */
export function isDiscovery(event: RecordedEvent): event is RecordedEvent & Discovered {
  return event.type === "TargetDiscovered" || event.type === "ServiceDiscovered" || event.type === "StackDiscovered"
}

/** The item's value after an operation inside it. */
function within(known: string, inside: string, operation: PatchOperation): Json {
  const item = JSON.parse(known) as JsonObject
  applyPatch(item, [{ ...operation, path: inside }])
  return item
}

function unknownUnit(path: string, position: Position): Error {
  return bug(`position ${position} alters ${path}, which does not hold there`)
}
