/**
 * The difference of two points. Reads which units the events between them altered and what those held at either end: it costs what changed,
 * not what exists. What changed and changed back is no difference.
 */
import type { Json, JsonObject } from "#kernel/json.js"
import { type FieldChange, type Patch, changesOf, patchBetween } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow, TouchedUnit } from "#projections/inventory/read.js"
import { type Unit, documentOf } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef } from "./entity.js"

export interface EntityDiff {
  readonly entity: EntityRef
  readonly change: "created" | "modified" | "removed"
  /** Field by field; empty for what was created or removed, where everything is new or gone. */
  readonly changes: readonly FieldChange[]
  /** Turns the entity's document at the one point into that at the other. */
  readonly patch: Patch
}

/** @param from @param to in either order of time */
export async function diff(views: ViewsReader, from: Position, to: Position): Promise<EntityDiff[]> {
  const touched = await views.inventory.touched(Math.min(from, to) as Position, Math.max(from, to) as Position)
  const diffs: EntityDiff[] = []
  for (const [recordNo, units] of byRecord(touched)) {
    const found = await diffOfRecord(views, recordNo, units, from, to)
    if (found !== undefined) diffs.push(found)
  }
  return diffs.sort(byName)
}

function byRecord(touched: readonly TouchedUnit[]): Map<number, TouchedUnit[]> {
  const records = new Map<number, TouchedUnit[]>()
  for (const unit of touched) {
    const units = records.get(unit.recordNo)
    if (units === undefined) records.set(unit.recordNo, [unit])
    else units.push(unit)
  }
  return records
}

async function diffOfRecord(
  views: ViewsReader,
  recordNo: number,
  units: readonly TouchedUnit[],
  from: Position,
  to: Position,
): Promise<EntityDiff | undefined> {
  const record = (await views.inventory.recordByNo(recordNo)) as RecordRow
  const [before, after] = [await isThere(views, record, from), await isThere(views, record, to)]
  if (!before && !after) return undefined
  if (!before) {
    const document = await views.inventory.document(recordNo, to)
    return {
      entity: await entityRef(views, record, to),
      change: "created",
      changes: [],
      patch: [{ op: "add", path: "", value: document }],
    }
  }
  if (!after) {
    const document = await views.inventory.document(recordNo, from)
    const patch: Patch = [
      { op: "test", path: "", value: document },
      { op: "remove", path: "" },
    ]
    return { entity: await entityRef(views, record, from), change: "removed", changes: [], patch }
  }
  const paths = units.flatMap(({ path }) => path ?? [])
  const patch = patchBetween(await partial(views, recordNo, paths, from), await partial(views, recordNo, paths, to))
  if (patch.length === 0) return undefined
  return {
    entity: await entityRef(views, record, to),
    change: "modified",
    changes: changesOf(patch).sort(byPath),
    patch,
  }
}

async function isThere(views: ViewsReader, record: RecordRow, at: Position): Promise<boolean> {
  return record.discovered <= at && (await views.inventory.value(record.no, "/lifecycle", at)) !== "retired"
}

/** As much of the document as these units are, with the objects around them that were there all the time. */
async function partial(
  views: ViewsReader,
  recordNo: number,
  paths: readonly string[],
  at: Position,
): Promise<JsonObject> {
  const altered = new Set(paths)
  const units: Unit[] = []
  for (const path of paths) {
    const value: Json | undefined = await views.inventory.value(recordNo, path, at)
    if (value !== undefined) units.push({ path, value })
    for (let holder = holderOf(path); holder !== "" && !altered.has(holder); holder = holderOf(holder)) {
      units.push({ path: holder, value: {} })
    }
  }
  return documentOf(units)
}

function holderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"))
}

function byName(a: EntityDiff, b: EntityDiff): number {
  return (
    compare(a.entity.kind, b.entity.kind) * -1 ||
    compare(a.entity.name, b.entity.name) ||
    compare(a.entity.id, b.entity.id)
  )
}

function byPath(a: FieldChange, b: FieldChange): number {
  return compare(a.path, b.path)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
