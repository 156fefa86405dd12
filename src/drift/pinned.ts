/** What is not as it was at a pinned point: the difference of the two points, as far as the baseline covers it. */
import type { Baseline } from "#events/baseline.js"
import { type FieldChange, type Patch, changesOf } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import type { Kind, RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { selected } from "#timeline/diff/diff.js"
import { entriesBetween } from "#timeline/diff/entries.js"
import type { Entry, Points } from "#timeline/diff/entry.js"
import { changesIn } from "#timeline/diff/item.js"
import { recordsOfEntity } from "#timeline/diff/scope.js"
import { whenWritten } from "#timeline/diff/writers.js"
import type { DriftRow, Verdict } from "./row.js"
import { classAt } from "./shape.js"
import { selectionOf } from "./where.js"

export type Pinned = Extract<Baseline, { of: "point" }>

/**
 * Whether a field is one that a pinned baseline holds on to: those that it names, or else all that tell what something is and how it is set up. What passes (that a
 * service runs, a band of use, an uptime) is how something is doing, which is not what drifts.
 */
export function covers({ fields }: Pick<Pinned, "fields">, kind: Kind, path: string): boolean {
  if (fields !== undefined) return fields.some((field) => path === field || path.startsWith(`${field}/`))
  const of = classAt(kind, path)
  return of === "identity" || of === "config"
}

/** @param about this entity alone */
export async function* pinnedRows(
  views: ViewsReader,
  at: Position,
  { name, baseline }: { readonly name: string; readonly baseline: Pinned },
  about?: RecordRow,
): AsyncGenerator<DriftRow> {
  const points: Points = { from: baseline.position as Position, to: at }
  const among = about && (await recordsOf(views, about, points))
  const selection = baseline.where === undefined ? {} : { selection: await selectionOf(views, baseline.where) }
  const entries = selected(entriesBetween(views, points, among), { ...points, ...selection })
  for await (const entry of entries) {
    const common = { baseline: name, rule: null, severity: baseline.severity, entity: entry.entity }
    if (entry.change !== "modified") {
      // Fields that were asked for are of what is there at both points.
      if (baseline.fields !== undefined) continue
      const text = entry.change === "created" ? "it was not there" : "it is there no more"
      const since = async () => (await whenWritten(views, points, entry, [])).get("")
      yield { ...common, verdict: "drift", field: "", expected: null, actual: null, text, since }
      continue
    }
    for (const { change, verdict } of await differing(views, points, entry)) {
      if (!covers(baseline, entry.entity.kind, change.path)) continue
      yield { ...common, verdict, ...told(change, verdict), since: () => writtenBy(views, points, entry, change) }
    }
  }
}

interface Differing {
  readonly change: FieldChange
  readonly verdict: Verdict
}

async function differing(views: ViewsReader, points: Points, entry: Entry): Promise<readonly Differing[]> {
  const { patch } = await changesIn(views, points, entry)
  const unseen = unseenIn(patch)
  return changesOf(patch).map((change) => ({ change, verdict: unseen.has(change.path) ? "unknown" : "drift" }))
}

/** Fields that were looked at at one of the points only: a field that is not there is null, and no item of a collection. */
export function unseenIn(patch: Patch): ReadonlySet<string> {
  const paths = patch.flatMap(({ op, path }) => (op === "add" || op === "remove" ? [path] : []))
  return new Set(paths.filter((path) => !path.slice(path.lastIndexOf("/")).includes(":")))
}

function told({ path, before, after }: FieldChange, verdict: Verdict) {
  const text = verdict === "drift" ? null : "nobody had looked at it, or nobody looks at it any more"
  return { field: path, expected: before, actual: after, text }
}

async function writtenBy(
  views: ViewsReader,
  points: Points,
  entry: Entry,
  change: FieldChange,
): Promise<Position | undefined> {
  return (await whenWritten(views, points, entry, [change])).get(change.path)
}

async function recordsOf(views: ViewsReader, about: RecordRow, { from, to }: Points): Promise<ReadonlySet<number>> {
  const records = [...(await recordsOfEntity(views, about, from)), ...(await recordsOfEntity(views, about, to))]
  return new Set(records.map(({ no }) => no))
}
