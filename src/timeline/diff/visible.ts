/**
 * What differs in a machine of several records, without putting its documents together: of most units that differ in one of them it is plain from the others whether they are seen,
 * as those of the first that looked (see projections/inventory/merge.ts). Of which it is not, the facet is left to be compared as a whole.
 */
import { isObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import { facetOf } from "#projections/inventory/paths.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"

export interface Visible {
  readonly units: readonly UnitDifference[]
  /** Names of facets. */
  readonly facets: readonly string[]
}

/** These have rules of their own. */
const special = new Set(["/lifecycle", "/assigned", "/resources", "/link"])

/**
 * @param records of a machine that has the same ones, in the same precedence, at both points
 * @param differing all units of each that differ
 * @param at either point
 */
export async function visibleUnits(
  views: ViewsReader,
  records: readonly RecordRow[],
  differing: (record: RecordRow) => readonly UnitDifference[],
  at: Position,
): Promise<Visible> {
  const [only, ...others] = records
  if (only !== undefined && others.length === 0) return { units: differing(only), facets: [] }
  const facets = new Set(
    records.flatMap((record) => differing(record).filter(isUnplain)).map(({ path }) => facetOf(path)),
  )
  const units: UnitDifference[] = []
  for (const [index, record] of records.entries()) {
    const before = records.slice(0, index)
    for (const unit of differing(record)) {
      const facet = facetOf(unit.path)
      if (facets.has(facet)) continue
      const seen = await isSeen(views, before, unit, at)
      if (seen === undefined) facets.add(facet)
      else if (seen) units.push(unit)
    }
  }
  return {
    units: units.filter(({ path }) => !facets.has(facetOf(path))),
    facets: [...facets].map((facet) => facet.slice(1)),
  }
}

/** Whether more may hang on it than itself: an object that came or went may hide, or show, what others say; so may a field. */
function isUnplain({ path, before, after }: UnitDifference): boolean {
  if (special.has(facetOf(path))) return true
  if (path.includes(":")) return false
  return before === undefined || after === undefined || isObject(before) || isObject(after)
}

/** Undefined where it takes the whole facet to tell. @param before records that go before its own */
async function isSeen(
  { inventory }: ViewsReader,
  before: readonly RecordRow[],
  { path }: UnitDifference,
  at: Position,
): Promise<boolean | undefined> {
  let isFirst = true
  for (const { no } of before) {
    if ((await inventory.value(no, facetOf(path), at)) === undefined) continue
    isFirst = false
    if ((await inventory.value(no, heldAs(path), at)) !== undefined) return false
  }
  return isFirst ? true : undefined
}

/** A field is told by itself, an item with its whole collection. */
function heldAs(path: string): string {
  return path.includes(":") ? path.slice(0, path.lastIndexOf("/")) : path
}
