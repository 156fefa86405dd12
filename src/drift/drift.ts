/**
 * Drift at a point: what is not as the baselines that were in force there say. It is worked out from the views and writes nothing, so it can be asked as of any point.
 */
import type { Point, Position } from "#kernel/point.js"
import type { DeclaredBaseline } from "#projections/baselines/read.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { sortedInTurns } from "#timeline/turns.js"
import { pinnedRows } from "./pinned.js"
import type { DriftRow } from "./row.js"
import { type BrokenRule, ruleRows } from "./rules.js"

export interface AskedDrift {
  /** The name of the only baseline that is asked about. */
  readonly baseline?: string | undefined
  /** This entity alone: a machine without what runs on it. */
  readonly about?: RecordRow | undefined
}

export interface Drift {
  /** By baseline; in each targets, stacks and services, in the order of their names, rule by rule and field by field. */
  readonly rows: readonly DriftRow[]
  readonly broken: readonly BrokenRule[]
}

export async function driftOf(
  views: ViewsReader,
  { position }: Pick<Point, "position">,
  { baseline, about }: AskedDrift = {},
): Promise<Drift> {
  const declared = await views.baselines.at(position)
  return judgedBy(
    views,
    position,
    declared.filter(({ name }) => baseline === undefined || name === baseline),
    about,
  )
}

/** What there would be if these were in force. */
export async function judgedBy(
  views: ViewsReader,
  at: Position,
  declared: readonly Pick<DeclaredBaseline, "name" | "baseline">[],
  one?: RecordRow,
): Promise<Drift> {
  const about = one && (await targetOf(views, one, at))
  const [rows, broken]: [DriftRow[], BrokenRule[]] = [[], []]
  for (const { name, baseline } of declared) {
    const judging =
      baseline.of === "point"
        ? pinnedRows(views, at, { name, baseline }, about)
        : ruleRows(views, at, { name, rules: baseline.rules }, about)
    for (let next = await judging.next(); ; next = await judging.next()) {
      if (next.done === true) {
        broken.push(...(next.value ?? []))
        break
      }
      rows.push(next.value)
    }
  }
  return { rows: await sortedInTurns(rows, inOrder), broken }
}

function inOrder(a: DriftRow, b: DriftRow): number {
  return (
    compare(a.baseline, b.baseline) ||
    // Targets, stacks, services.
    compare(b.entity.kind, a.entity.kind) ||
    compare(a.entity.name, b.entity.name) ||
    compare(a.entity.id, b.entity.id) ||
    compare(a.rule ?? "", b.rule ?? "") ||
    compare(a.field, b.field)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
