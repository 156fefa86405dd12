/** An entity's difference as it is told: field by field, and as the patch that leads from the one document to the other. */
import type { JsonObject } from "#kernel/json.js"
import { type FieldChange, type Patch, changesOf, patchBetween } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { type Unit, documentOf } from "#projections/inventory/units.js"
import type { ViewsReader } from "#projections/views.js"
import type { EntityRef } from "../entity.js"
import { documentOfTarget } from "../target.js"
import type { ChangeKind, Entry, MovedRecord, Points } from "./entry.js"
import { changesOfField } from "./of-field.js"

export interface EntityDiff {
  readonly entity: EntityRef
  readonly change: ChangeKind
  /** What it is compared with, where that is another entity. */
  readonly was?: EntityRef
  /** Records that came to a machine or left it. */
  readonly records?: readonly MovedRecord[]
  /** Field by field; empty for what was created or removed, where everything is new or gone. */
  readonly changes: readonly FieldChange[]
  /** Turns the document at `from` (that of `was`, where that is another entity) into that at `to`. */
  readonly patch: Patch
}

export async function itemOf(views: ViewsReader, points: Points, entry: Entry): Promise<EntityDiff> {
  const { entity, change, was, moved, before, after } = entry
  const told = { entity, change, ...(was && { was }), ...(moved && { records: moved }) }
  if (change === "created") {
    const value = await documentOfTarget(views, after, points.to)
    return { ...told, changes: [], patch: [{ op: "add", path: "", value }] }
  }
  if (change === "removed") {
    const value = await documentOfTarget(views, before, points.from)
    return {
      ...told,
      changes: [],
      patch: [
        { op: "test", path: "", value },
        { op: "remove", path: "" },
      ],
    }
  }
  return { ...told, ...(await changesIn(views, points, entry)) }
}

/** Of what was modified, in the field that is asked about. Both are in the order of their paths. */
export async function changesIn(
  views: ViewsReader,
  points: Points,
  { before, after, facets, units, field }: Entry,
): Promise<Pick<EntityDiff, "changes" | "patch">> {
  const patches: Patch[] = []
  if (isOneRecord(before, after)) {
    patches.push(patchBetween(...partialDocuments(units ?? (await unitsOf(views, before[0], points)), points)))
  } else {
    if (units !== undefined) patches.push(patchBetween(...partialDocuments(units, points)))
    if (facets === undefined || facets.length > 0) {
      const was = await documentOfTarget(views, before, points.from, facets)
      patches.push(patchBetween(was, await documentOfTarget(views, after, points.to, facets)))
    }
  }
  const patch = patches.flat().toSorted(byPath)
  if (field === undefined) return { changes: changesOf(patch), patch }
  const changes = changesOfField(changesOf(patch), field)
  const told = new Set(changes.map(({ path }) => path))
  return { changes, patch: patch.filter(({ path }) => told.has(path)) }
}

function isOneRecord(before: readonly RecordRow[], after: readonly RecordRow[]): before is readonly [RecordRow] {
  return before.length === 1 && after.length === 1 && before[0]?.no === after[0]?.no
}

/** The units of a record that differ. */
export async function unitsOf(
  { inventory }: ViewsReader,
  { no }: RecordRow,
  { from, to }: Points,
): Promise<readonly UnitDifference[]> {
  const [earlier, later] = [Math.min(from, to) as Position, Math.max(from, to) as Position]
  return (await inventory.between.records(no, no, earlier, later)).get(no) ?? []
}

/** As much of both documents as these units are, with the objects around them that were there all the time. */
function partialDocuments(units: readonly UnitDifference[], { from, to }: Points): [JsonObject, JsonObject] {
  const differing = new Set(units.map(({ path }) => path))
  const [earlier, later]: [Unit[], Unit[]] = [[], []]
  for (const { path, before, after } of units.toSorted(byPath)) {
    if (before !== undefined) earlier.push({ path, value: before })
    if (after !== undefined) later.push({ path, value: after })
    for (let holder = holderOf(path); holder !== "" && !differing.has(holder); holder = holderOf(holder)) {
      earlier.push({ path: holder, value: {} })
      later.push({ path: holder, value: {} })
    }
  }
  const documents: [JsonObject, JsonObject] = [documentOf(earlier), documentOf(later)]
  return from < to ? documents : [documents[1], documents[0]]
}

function holderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"))
}

/** A `test` stays in front of what it is for. */
function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
