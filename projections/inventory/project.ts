/** Folds events into the inventory's tables, unit by unit: the cost follows what an event changes, not the size of its record. */
import type { EventOf, RecordedEvent } from "#events/catalog.js"
import { bug } from "#kernel/errors.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { type PatchOperation, applyPatch } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Projection } from "../projection.js"
import { patchOf } from "./patch-of.js"
import { type NumberedPath, pathWriter } from "./paths.js"
import { recordNumbers, recordOf } from "./record-numbers.js"
import { inventoryTables } from "./tables.js"
import { unitAt, unitsOf } from "./units.js"

export const inventoryProjection: Projection = { name: "inventory", version: 1, tables: inventoryTables, projector }

/** `touched.path_no` of a record's discovery. */
export const wholeRecord = 0

type Discovered = EventOf<"TargetDiscovered" | "ServiceDiscovered">

function projector(db: Db): (event: RecordedEvent) => void {
  const insertRecord = db.prepare<[string, string, string, string, number, number | null, number]>(
    `INSERT INTO records (id, kind, source, native_key, generation, target_no, discovered, revision)
     VALUES (?, ?, ?, ?, ?, coalesce(?, (SELECT coalesce(max(no), 0) + 1 FROM records)), ?, 0)`,
  )
  const numbers = recordNumbers(db)
  const moveHead = db.prepare<[number, number]>("UPDATE records SET revision = ? WHERE no = ?")
  const touch = db.prepare<[number, number, number]>("INSERT OR IGNORE INTO touched VALUES (?, ?, ?)")
  const insertUnit = db.prepare<[number, number, number, number, string]>("INSERT INTO units VALUES (?, ?, ?, ?, ?)")
  const key = "record_no = ? AND facet_no = ? AND path_no = ?"
  const readUnit = db.prepare<[number, number, number], string>(`SELECT value FROM units WHERE ${key}`).pluck()
  const beneath = db.prepare<[number, number, string, string], NumberedPath>(
    `SELECT paths.no, path, paths.facet_no AS facetNo FROM units JOIN paths ON paths.no = path_no
     WHERE record_no = ? AND units.facet_no = ? AND path >= ? AND path < ? ORDER BY paths.no`,
  )
  // What one event writes twice never held: it leaves no row.
  const setAside = db.prepare<[number, number, number, number, number]>(
    `INSERT INTO past_units SELECT record_no, facet_no, path_no, since, ?, value FROM units WHERE ${key} AND since < ?`,
  )
  const removeUnit = db.prepare<[number, number, number]>(`DELETE FROM units WHERE ${key}`)
  const replaceUnit = db.prepare<[number, string, number, number, number]>(
    `UPDATE units SET since = ?, value = ? WHERE ${key}`,
  )
  const numbered = pathWriter(db)

  const begin = (record: number, path: string, value: Json, position: Position) => {
    for (const unit of unitsOf(path, value)) {
      const { no, facetNo } = numbered(unit.path)
      touch.run(position, record, no)
      insertUnit.run(record, facetNo, no, position, JSON.stringify(unit.value))
    }
  }

  const end = (record: number, path: string, position: Position) => {
    const own = numbered(path)
    // "0" is the character after "/": the range holds the paths beneath this one, which go with it.
    for (const { no, facetNo } of [own, ...beneath.all(record, own.facetNo, `${path}/`, `${path}0`)]) {
      touch.run(position, record, no)
      setAside.run(position, record, facetNo, no, position)
      if (removeUnit.run(record, facetNo, no).changes !== 1) throw unknownUnit(path, position)
    }
  }

  const replace = (record: number, unit: string, known: string, value: Json, position: Position) => {
    if (isContainer(unit, known) || unitsOf(unit, value).length > 1) {
      end(record, unit, position)
      begin(record, unit, value, position)
      return
    }
    const { no, facetNo } = numbered(unit)
    touch.run(position, record, no)
    setAside.run(position, record, facetNo, no, position)
    replaceUnit.run(position, JSON.stringify(value), record, facetNo, no)
  }

  const apply = (record: number, operation: PatchOperation, position: Position) => {
    if (operation.op === "test") return
    const { unit, inside } = unitAt(operation.path)
    const { no, facetNo } = numbered(unit)
    const known = readUnit.get(record, facetNo, no)
    if (inside !== "") {
      if (known === undefined) throw unknownUnit(unit, position)
      replace(record, unit, known, within(known, inside, operation), position)
    } else if (operation.op === "remove") end(record, unit, position)
    else if (known === undefined) begin(record, unit, operation.value, position)
    else replace(record, unit, known, operation.value, position)
  }

  const discover = (event: RecordedEvent & Discovered) => {
    const { source, nativeKey, generation } = event.data
    const target = event.type === "ServiceDiscovered" ? numbers(`target-${event.data.target}`)?.no : null
    if (target === undefined) throw bug(`position ${event.position} names a target that was never discovered`)
    const { kind, id } = recordOf(event.stream)
    const record = Number(
      insertRecord.run(id, kind, source, nativeKey, generation, target, event.position).lastInsertRowid,
    )
    touch.run(event.position, record, wholeRecord)
    for (const [facet, value] of Object.entries(event.data.document)) {
      for (const unit of unitsOf(`/${facet}`, value as Json)) {
        const { no, facetNo } = numbered(unit.path)
        insertUnit.run(record, facetNo, no, event.position, JSON.stringify(unit.value))
      }
    }
  }

  return (event) => {
    if (event.type === "TargetDiscovered" || event.type === "ServiceDiscovered") return discover(event)
    const patch = patchOf(event)
    if (patch.length === 0) return undefined
    const record = numbers(event.stream)?.no
    if (record === undefined) throw bug(`position ${event.position} alters ${event.stream}, which was never discovered`)
    moveHead.run(event.revision, record)
    for (const operation of patch) apply(record, operation, event.position)
    return undefined
  }
}

function isContainer(path: string, value: string): boolean {
  return value === "{}" && !path.includes(":")
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
