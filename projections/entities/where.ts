/** From a condition to SQL over the entities' rows and the inventory's units, as of a position. Values are bound, never written into the text. */
import type { Position } from "#kernel/point.js"
import { recordBlockBits } from "../inventory/item-values.js"
import type { NumberedPath } from "../inventory/paths.js"
import type { Kind } from "../inventory/read.js"
import { matchesPattern } from "#kernel/patterns.js"
import type { Column, Comparison, Condition, List, Test } from "./condition.js"
import { forksOf } from "./interval.js"
import { traits } from "./tables.js"

/** A query being written: its text is what `Where` returns, its values are in `values`. */
export interface Context {
  readonly at: Position
  /** Whose word goes before whose. */
  readonly precedence: readonly string[]
  readonly values: Record<string, string | number>
  /** Whether records were linked at all: what goes by links is left out where there are none. */
  readonly linked: boolean
  /** Whether few entities are asked about: their machines are then looked at one by one, and not listed first. */
  readonly few: boolean
  /** What the row is called that a condition is about. */
  readonly row: string
  path(path: string): NumberedPath | undefined
  /** The numbers of the paths of items of a collection whose keys pass. */
  items(collection: string, passes: (key: string) => boolean): readonly number[]
}

export function contextOf(at: Position, known: Omit<Context, "at" | "values" | "row">): Context {
  return { ...known, row: "e", at, values: { at } }
}

/**
 * Rows of a kind that held at the position and meet a condition, as a query that can stand anywhere.
 * @param grouped by what those of each of its parts are put together: `GROUP BY 1`
 */
export function rowsOf(
  context: Context,
  kind: Kind,
  columns: string,
  condition: Condition | undefined,
  grouped = "",
): string {
  const where = `${andSo(context, kind, condition)} ${grouped}`
  const by = lowHealth(context, condition)
  const sought = by === undefined ? "" : ` AND ${by.so}`
  return `SELECT ${columns} FROM entities e WHERE e.kind = '${kind}' AND e.since <= $at${sought}${where}
    UNION ALL ${pastRows(context, kind, columns, where, by)}`
}

/** The same of a few entities, whose numbers are a query. Of what an entity was after the position, the first holds it if any does. */
export function rowsAmong(
  context: Context,
  kind: Kind,
  columns: string,
  among: string,
  condition: Condition | undefined,
  grouped = "",
): string {
  return heldAmong(columns, among, `e.kind = '${kind}'${andSo(context, kind, condition)}`, grouped)
}

/** The same, of what meets a condition in SQL of the row `e`. */
export function heldAmong(columns: string, among: string, condition: string, grouped = ""): string {
  const where = `e.since <= $at AND ${condition} ${grouped}`
  const until = "(SELECT min(p.until) FROM past_entities p WHERE p.no = n.no AND p.until > $at)"
  return `WITH n (no) AS (${among})
    SELECT ${columns} FROM n CROSS JOIN entities e ON e.no = n.no WHERE ${where}
    UNION ALL SELECT ${columns} FROM n CROSS JOIN past_entities e INDEXED BY past_entities_by_no ON e.no = n.no AND e.until = ${until} WHERE ${where}`
}

/** The rows at places, which are JSON in `$places`: a list of `[no, fork, until]`, the latter two NULL of those that hold still. */
export function rowsAt(kind: Kind, columns: string): string {
  const place = (column: string, index: number) => `e.${column} = j.value ->> ${index}`
  return `SELECT ${columns} FROM json_each($places) j CROSS JOIN entities e ON e.kind = '${kind}' AND ${place("no", 0)} WHERE j.value ->> 1 IS NULL
    UNION ALL SELECT ${columns} FROM json_each($places) j CROSS JOIN past_entities e
      ON e.kind = '${kind}' AND ${place("fork", 1)} AND ${place("until", 2)} AND ${place("no", 0)}`
}

/** Materialised, as a compound that is sorted and has the same subquery in a condition of each part lost rows (SQLite 3.53.2). */
export function asFound(rows: string): string {
  return `WITH found AS MATERIALIZED (${rows})`
}

/** Whether an entity, whose number is an SQL expression, was there at the position and met a condition: true, false or NULL. */
export function isMet(context: Context, kind: Kind, no: string, condition: Condition): string {
  const met = `coalesce(${sqlOf(context, kind, condition)}, FALSE)`
  return `coalesce((SELECT ${met} FROM entities e WHERE e.kind = '${kind}' AND e.no = ${no} AND e.since <= $at),
    (SELECT e.kind = '${kind}' AND e.since <= $at AND ${met} FROM past_entities e INDEXED BY past_entities_by_no WHERE e.no = ${no} AND e.until > $at ORDER BY e.until LIMIT 1))`
}

function pastRows(
  { at, values }: Context,
  kind: Kind,
  columns: string,
  where: string,
  by: IndexOfPast | undefined,
): string {
  const { left, right } = forksOf(at)
  Object.assign(values, { left: JSON.stringify(left), right: JSON.stringify(right) })
  const from = `past_entities e ${by === undefined ? "" : `INDEXED BY ${by.index}`}`
  const hangs = `e.kind = '${kind}' AND e.fork = j.value ${by === undefined ? "" : `AND ${by.so}`}`
  return `SELECT ${columns} FROM json_each($left) j CROSS JOIN ${from} ON ${hangs} AND e.until > $at WHERE TRUE${where}
    UNION ALL SELECT ${columns} FROM json_each($right) j CROSS JOIN ${from} ON ${hangs} AND e.since <= $at WHERE TRUE${where}`
}

interface IndexOfPast {
  readonly index: string
  /** What is sought in it. */
  readonly so: string
}

function andSo(context: Context, kind: Kind, condition: Condition | undefined): string {
  return condition === undefined ? "" : ` AND ${sqlOf(context, kind, condition)}`
}

/** Of scores, low ones are sought, and few are low. */
function lowHealth(context: Context, condition: Condition | undefined): IndexOfPast | undefined {
  const [test] = partsOf(condition).flatMap((part) =>
    part.is === "column" && part.column === "health" ? part.test : [],
  )
  return test?.has === "number" && test.compare.startsWith("<")
    ? { index: "past_entities_by_health", so: `e.health ${test.compare} ${bound(context, test.value)}` }
    : undefined
}

/** All that has to be so. */
function partsOf(condition: Condition | undefined): readonly Condition[] {
  if (condition === undefined) return []
  return condition.is === "all" ? condition.of.flatMap(partsOf) : [condition]
}

/** The value, in lower case, that a column has to have so that a condition is met, if it says so. */
export function soughtBy(condition: Condition | undefined, column: "status" | "role"): string | undefined {
  const [sought] = partsOf(condition).flatMap((part) => {
    if (part.is !== "column" || part.column !== column || part.test.has !== "text") return []
    const [one, other] = part.test.anyOf
    return one === undefined || other !== undefined || one.pattern ? [] : one.text.toLowerCase()
  })
  return sought
}

/** What all has to be so: what a row `w` of an index tells, as SQL, and the rest. */
export function apart(
  context: Context,
  kind: Kind,
  condition: Condition | undefined,
  tells: (part: Condition) => boolean,
): { readonly told: readonly string[]; readonly rest: Condition | undefined } {
  const parts = partsOf(condition)
  const rest = parts.filter((part) => !tells(part))
  return {
    told: parts.filter(tells).map((part) => sqlOf({ ...context, row: "w" }, kind, part)),
    rest: rest.length === 0 ? undefined : { is: "all", of: rest },
  }
}

/** Whether it is told by the indexes by status. */
export function isOfStatus(condition: Condition): boolean {
  return condition.is === "present" || (condition.is === "column" && condition.column === "status")
}

/** Whether it is told beside names. */
export function isNamed(condition: Condition): boolean {
  switch (condition.is) {
    case "all":
    case "any":
      return condition.of.every(isNamed)
    case "not":
      return isNamed(condition.of)
    case "words":
      return true
    case "column":
      return condition.column === "name" || traits.some((trait) => trait === condition.column)
    case "member":
      return condition.list === "tags"
    default:
      return false
  }
}

/** What runs on a machine, or was deployed there: the numbers of its records, as a query. */
export function standingOn(context: Context, kind: Kind, targetNo: number): string {
  return `SELECT r.no FROM records r WHERE r.kind = '${kind}' AND r.target_no IN (${recordsOfMachine(context, bound(context, targetNo))})`
}

/** The numbers of the records of a machine whose number is an SQL expression, as a list or a query. */
export function recordsOfMachine({ linked }: Context, no: string): string {
  return linked ? `SELECT ${no} UNION ALL SELECT l.record_no FROM links l WHERE l.target_no = ${no} AND ${holds}` : no
}

/** The number of the machine that a record is of, whose number is an SQL expression. */
export function machineOf({ linked }: Context, no: string): string {
  return linked ? `coalesce((SELECT l.target_no FROM links l WHERE l.record_no = ${no} AND ${holds}), ${no})` : no
}

/** True or false of the row `e`. */
export function sqlOf(context: Context, kind: Kind, condition: Condition): string {
  switch (condition.is) {
    case "all":
    case "any": {
      const parts = condition.of.map((part) => sqlOf(context, kind, part))
      if (parts.length === 0) return condition.is === "all" ? "TRUE" : "FALSE"
      return `(${parts.join(condition.is === "all" ? " AND " : " OR ")})`
    }
    case "not":
      return `NOT coalesce(${sqlOf(context, kind, condition.of)}, FALSE)`
    case "present":
      return `${context.row}.lifecycle <> 'retired'`
    case "column":
      return columnIs(context, condition.column, condition.test)
    case "member":
      return `EXISTS (SELECT 1 FROM json_each(${listIn(condition.list, context.row)}) m WHERE ${tested(context, "m.value", condition.test)})`
    case "words":
      return `instr(${context.row}.words, ${bound(context, condition.text)}) > 0`
    case "field":
      return fieldIs(context, kind, condition.path, condition.test)
    case "item":
      return itemIs(context, kind, condition.collection, condition.test)
    case "itemField":
      return itemFieldIs(context, kind, condition)
    case "changed":
      return `EXISTS (SELECT 1 FROM changes_of c WHERE c.record_no IN (${membersOf(context, kind)}) AND c.position > ${bound(context, condition.after)} AND c.position <= ${bound(context, condition.upTo)})`
    case "discovered":
      return `(SELECT discovered FROM records r WHERE r.no = e.no) > ${bound(context, condition.after)}
        AND (SELECT discovered FROM records r WHERE r.no = e.no) <= ${bound(context, condition.upTo)}`
    case "nativeKey":
      return `EXISTS (SELECT 1 FROM records r WHERE r.no IN (${membersOf(context, kind)}) AND ${tested(context, "r.native_key", condition.test)})`
    case "related":
      return related(context, kind, condition.kind, condition.of)
  }
}

/** Whether a link holds. */
const holds = "l.since <= $at AND (l.until IS NULL OR l.until > $at)"

/** The numbers of an entity's records. */
function membersOf(context: Context, kind: Kind): string {
  return kind === "target" ? recordsOfMachine(context, "e.no") : "e.no"
}

/** The entity that a machine's record is of. */
function targetOf({ linked }: Context, record: string): string {
  if (!linked) return record
  return `coalesce((SELECT l.target_no FROM links l WHERE l.record_no = ${record} AND ${holds}), ${record})`
}

function related(context: Context, kind: Kind, other: Kind, condition: Condition): string {
  if (kind === other) return sqlOf(context, kind, condition)
  const onTarget = targetOf(context, "(SELECT r.target_no FROM records r WHERE r.no = e.no)")
  if (other === "target" && context.few)
    return `EXISTS (SELECT 1 FROM (SELECT ${onTarget} AS no) m WHERE ${isMet(context, other, "m.no", condition)})`
  const found = (columns: string) => rowsOf(context, other, columns, condition)
  if (kind === "target") return `e.no IN (${found(onTarget)})`
  if (other === "target") return `${onTarget} IN (${found("e.no")})`
  // A service is of the stack that it names, on the same machine.
  return kind === "service"
    ? `(e.stack, ${onTarget}) IN (${found(`e.name, ${onTarget}`)})`
    : `(e.name, ${onTarget}) IN (${found(`e.stack, ${onTarget}`)})`
}

function columnIs(context: Context, column: Column, test: Test): string {
  return `coalesce(${tested(context, `${context.row}.${column}`, test)}, FALSE)`
}

/** A list of the row, as JSON. */
export function listIn(list: List, row = "e"): string {
  return list === "sources" || list === "tags" ? `${row}.${list}` : `json_extract(${row}.summary, '$.${list}')`
}

function fieldIs(context: Context, kind: Kind, path: string, test: Test): string {
  const numbered = context.path(path)
  if (numbered === undefined) return "FALSE"
  const value = valueIn(memberWith(context, kind, numbered), numbered)
  return `coalesce(${tested(context, `json_extract(${value}, '$')`, test)}, FALSE)`
}

function itemIs(context: Context, kind: Kind, collection: string, test: Test): string {
  const root = context.path(collection)
  if (root === undefined) return "FALSE"
  const numbers = context.items(collection, passes(test))
  if (numbers.length === 0) return "FALSE"
  const among = amongItems(context, numbers)
  return `EXISTS (${heldIn(memberWith(context, kind, root), root.facetNo, among)})`
}

/** Values in blocks of records: so many are sought out beforehand. */
const mostPlaces = 20_000

function itemFieldIs(
  context: Context,
  kind: Kind,
  { collection, field, keys, test }: Extract<Condition, { is: "itemField" }>,
): string {
  const root = context.path(collection)
  if (root === undefined) return "FALSE"
  const numbers = context.items(collection, () => true)
  if (numbers.length === 0) return "FALSE"
  const member = bound(context, `$."${field}"`)
  const passesTest = (value: string) =>
    keys
      ? `EXISTS (SELECT 1 FROM json_each(${value}, ${member}) k WHERE ${tested(context, "substr(k.key, instr(k.key, ':') + 1)", test)})`
      : tested(context, `json_extract(${value}, ${member})`, test)
  // Of all values that there ever were those that would do; of a record only those that its block ever had are looked for. Where that is nearly everywhere, most records have one.
  const list = bound(context, JSON.stringify(numbers))
  const fitting = (columns: string) =>
    `SELECT ${columns} FROM item_values v WHERE v.path_no IN (SELECT value FROM json_each(${list})) AND ${passesTest("v.value")}`
  const places = `WITH places AS MATERIALIZED (SELECT b.block, f.path_no FROM (${fitting("v.no, v.path_no")}) f
    CROSS JOIN item_value_blocks b ON b.value_no = f.no LIMIT ${mostPlaces + 1})`
  const record = memberWith(context, kind, root)
  const here = `SELECT path_no FROM places WHERE block = (${record}) >> ${recordBlockBits}`
  const held = (table: string) => `SELECT 1 FROM (${here}) f CROSS JOIN ${table} u
    ON u.record_no = ${record} AND u.facet_no = ${root.facetNo} AND u.path_no = f.path_no WHERE u.since <= $at AND ${passesTest("u.value")}`
  const anywhere = heldIn(record, root.facetNo, `u.path_no IN (${fitting("v.path_no")}) AND ${passesTest("u.value")}`)
  return `CASE WHEN (${places} SELECT count(*) FROM places) > ${mostPlaces} THEN EXISTS (${anywhere})
    ELSE EXISTS (${places} ${held("units")} UNION ALL ${held("past_units")} AND u.until > $at) END`
}

/** Units of items with these numbers. So many are found faster by going through all of a record's than one by one. */
function amongItems(context: Context, numbers: readonly number[]): string {
  const list = bound(context, JSON.stringify(numbers))
  return `${numbers.length > 30 ? "+" : ""}u.path_no IN (SELECT value FROM json_each(${list}))`
}

/** The units `u` of a facet of a record that held and are so. */
function heldIn(record: string, facetNo: number, so: string): string {
  const where = `u.record_no = ${record} AND u.facet_no = ${facetNo} AND u.since <= $at AND ${so}`
  return `SELECT 1 FROM units u WHERE ${where} UNION ALL SELECT 1 FROM past_units u WHERE ${where} AND u.until > $at`
}

/** The value of a unit of a record, as JSON; NULL where it did not hold. */
function valueIn(record: string, { no, facetNo }: NumberedPath): string {
  const key = `record_no = ${record} AND facet_no = ${facetNo} AND path_no = ${no} AND since <= $at`
  return `coalesce((SELECT value FROM units WHERE ${key}),
    (SELECT CASE WHEN until > $at THEN value END FROM past_units WHERE ${key} ORDER BY since DESC LIMIT 1))`
}

/** Of an entity's records the one whose word on a unit counts: the first that looked. */
function memberWith(context: Context, kind: Kind, path: NumberedPath): string {
  if (kind !== "target" || !context.linked) return "e.no"
  const rank = context.precedence.map((source, index) => `WHEN ${bound(context, source)} THEN ${index}`).join(" ")
  const order = rank === "" ? "" : `CASE r.source ${rank} ELSE ${context.precedence.length} END, `
  return `CASE WHEN NOT EXISTS (SELECT 1 FROM links l WHERE l.target_no = e.no AND ${holds}) THEN e.no ELSE
    (SELECT r.no FROM records r WHERE r.no IN (${membersOf(context, kind)}) AND ${valueIn("r.no", path)} IS NOT NULL ORDER BY ${order}r.no LIMIT 1) END`
}

/** Whether an SQL value passes; NULL where there is none. */
function tested(context: Context, value: string, test: Test): string {
  switch (test.has) {
    case "value":
      return `${value} IS NOT NULL`
    case "text":
      return `(${test.anyOf
        .map(({ text, pattern }) =>
          pattern
            ? `lower(${value}) GLOB ${bound(context, globOf(text))}`
            : `lower(${value}) = ${bound(context, text.toLowerCase())}`,
        )
        .join(" OR ")})`
    case "words":
      return `(${test.words.map((word) => `instr(lower(${value}), ${bound(context, word.toLowerCase())}) > 0`).join(" AND ")})`
    case "number":
      return `(typeof(${value}) IN ('integer', 'real') AND ${value} ${test.compare} ${bound(context, test.value)})`
    case "order":
      return `${value} ${test.compare} ${bound(context, test.value)}`
    case "truth":
      return `${value} = ${test.value ? 1 : 0}`
  }
}

/** The same of a text here. */
function passes(test: Test): (text: string) => boolean {
  switch (test.has) {
    case "value":
      return () => true
    case "text": {
      const tests = test.anyOf.map(({ text, pattern }) => (pattern ? globTest(text) : same(text)))
      return (text) => tests.some((one) => one(text))
    }
    case "words":
      return (text) => test.words.every((word) => text.toLowerCase().includes(word.toLowerCase()))
    case "number":
      return (text) => /^-?\d+(?:\.\d+)?$/.test(text) && compared(Number(text), test.compare, test.value)
    case "order":
      return (text) => compared(text, test.compare, test.value)
    case "truth":
      return () => false
  }
}

function same(text: string): (other: string) => boolean {
  const wanted = text.toLowerCase()
  return (other) => other.toLowerCase() === wanted
}

function globTest(pattern: string): (text: string) => boolean {
  return (text) => matchesPattern(text.toLowerCase(), pattern.toLowerCase())
}

function compared<T extends string | number>(left: T, comparison: Comparison, right: T): boolean {
  switch (comparison) {
    case "=":
      return left === right
    case "<":
      return left < right
    case "<=":
      return left <= right
    case ">":
      return left > right
    case ">=":
      return left >= right
  }
}

/** SQLite's GLOB knows classes of characters, too, which are no part of our patterns. */
function globOf(pattern: string): string {
  return pattern.toLowerCase().replaceAll("[", "[[]")
}

/** The name of a parameter with this value. */
function bound(context: Context, value: string | number): string {
  const name = `v${Object.keys(context.values).length}`
  context.values[name] = value
  return `$${name}`
}
