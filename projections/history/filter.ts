/** Which changes a page of history is of, as conditions on `changes c JOIN marks m`, and as the blocks of positions that can hold them. */
import type { Severity } from "#events/severity.js"
import type { Db } from "#sqlite/open.js"
import { wholeRecord } from "../inventory/touches.js"
import { type MarkField, termOf } from "./marks.js"

/** All of what is given has to be so; of several types or severities, one. */
export interface HistoryFilter {
  readonly types?: readonly string[]
  readonly severities?: readonly Severity[]
  readonly actor?: string
  readonly source?: string
  readonly runId?: string
  /** Path of a unit, or of what holds units: changes that wrote it or something beneath it. */
  readonly field?: string
}

const oneOf = (name: string) => `IN (SELECT value FROM json_each($${name}))`
/** The numbers of a path and all beneath it; "0" is the character after "/". */
const fieldPaths = "(SELECT no FROM paths WHERE path = $field OR (path > $field || '/' AND path < $field || '0'))"
/** The plus keeps the planner from seeking each of what may be thousands of paths. */
const begins = (table: string) => `EXISTS (SELECT 1 FROM ${table} u WHERE u.record_no = c.record_no
  AND u.facet_no = (SELECT no FROM paths WHERE path = $facet) AND u.since = c.position AND +u.path_no IN ${fieldPaths})`

const conditions: Readonly<Record<keyof HistoryFilter, string>> = {
  types: `m.type ${oneOf("types")}`,
  severities: `m.severity ${oneOf("severities")}`,
  actor: "m.actor = $actor",
  source: "m.source = $source",
  runId: "m.run = $runId",
  // What a discovery wrote is not in `touched`, but began with it.
  field: `EXISTS (SELECT 1 FROM touched t WHERE t.position = c.position AND t.record_no = c.record_no
    AND (+t.path_no IN ${fieldPaths} OR (t.path_no = ${wholeRecord} AND (${begins("units")} OR ${begins("past_units")}))))`,
}

/** Of the changes in a block: reads once what was altered in it, instead of asking of each change. */
export const inBlock = {
  field: `c.position IN (SELECT position FROM touched WHERE position BETWEEN $low AND $high
    AND (path_no = ${wholeRecord} OR +path_no IN ${fieldPaths}))`,
}

export function conditionsOf(filter: HistoryFilter): string[] {
  return (Object.keys(conditions) as (keyof HistoryFilter)[])
    .filter((name) => filter[name] !== undefined)
    .map((name) => conditions[name])
}

export function valuesOf({ types, severities, field, ...others }: HistoryFilter): Record<string, unknown> {
  return {
    ...others,
    ...(types === undefined ? {} : { types: JSON.stringify(types) }),
    ...(severities === undefined ? {} : { severities: JSON.stringify(severities) }),
    ...(field === undefined ? {} : { field, facet: /^\/[^/]*/.exec(field)?.[0] ?? field }),
  }
}

/** @returns the blocks from the first to the last that can have such changes, in order; undefined when it says nothing about that */
export function blockFinder(db: Db) {
  const ofTerms = db
    .prepare<[string, number, number], number>(
      `SELECT DISTINCT block FROM term_blocks WHERE term IN (SELECT value FROM json_each(?)) AND block BETWEEN ? AND ?
       ORDER BY block`,
    )
    .pluck()
  const ofField = db
    .prepare<[string, number, number], number>(
      `SELECT DISTINCT block FROM touched_blocks
       WHERE path_no IN (SELECT no FROM paths WHERE path = ? UNION SELECT ${wholeRecord}) AND block BETWEEN ? AND ? ORDER BY block`,
    )
    .pluck()
  return (filter: HistoryFilter, first: number, last: number): readonly number[] | undefined => {
    const { types, severities, actor, source, runId, field } = filter
    const terms: [MarkField, readonly string[] | undefined][] = [
      ["type", types],
      ["severity", severities],
      ["actor", actor === undefined ? undefined : [actor]],
      ["source", source === undefined ? undefined : [source]],
      ["run", runId === undefined ? undefined : [runId]],
    ]
    const lists = terms.flatMap(([kind, values]) =>
      values === undefined
        ? []
        : [ofTerms.all(JSON.stringify(values.map((value) => termOf(kind, value))), first, last)],
    )
    if (field !== undefined) lists.push(ofField.all(field, first, last))
    const [some, ...others] = lists
    if (some === undefined) return undefined
    const sets = others.map((list) => new Set(list))
    return some.filter((block) => sets.every((set) => set.has(block)))
  }
}
