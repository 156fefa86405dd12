/** How many entities there are of what, at a position: by what they all are from the tallies, whatever else is asked by going through them. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { healthBounds, healthStatus } from "../health/score.js"
import type { List } from "./condition.js"
import type { Among } from "./read.js"
import { type Tally, type Valued, isValued, tallyReader } from "./tallies.js"
import { type Context, asFound, listIn } from "./where.js"

/** What can be counted by. */
export const countable = [
  "role",
  "status",
  "health",
  "lifecycle",
  "os",
  "runtime",
  "environment",
  "stack",
  "source",
  "tag",
] as const
export type Countable = (typeof countable)[number]

/** How many have a value, or none. */
export interface Counted {
  readonly value: string | null
  readonly count: number
}

export interface Counts {
  readonly total: number
  readonly counts: Readonly<Partial<Record<Countable, readonly Counted[]>>>
}

/** How whoever is asked for is gone through. */
export interface Counting {
  readonly contextAt: (at: Position) => Context
  readonly sqlFor: (context: Context, among: Among, wanted: string, grouped?: string) => string
  readonly rowsFor: <T>(among: Among, sql: string, values: object) => Promise<T[]>
}

/** What is counted by that a state tells. */
const stated: Readonly<Partial<Record<Countable, (tally: Tally) => string | null>>> = {
  lifecycle: ({ lifecycle }) => lifecycle,
  status: ({ status }) => status,
  health: ({ health }) => healthStatus(health),
}

export function countsReader(db: Db, { contextAt, sqlFor, rowsFor }: Counting) {
  const tallies = tallyReader(db)
  /** Of what is counted whatever it is like. */
  const talliesAmong = ({ kind, at, includeRetired = false }: Among, field?: Valued): readonly Tally[] =>
    tallies(kind, at, field).filter(({ lifecycle }) => includeRetired || lifecycle !== "retired")
  const isTallied = ({ condition, targetNo }: Among) => condition === undefined && targetNo === undefined

  const count = async (among: Among): Promise<number> => {
    if (isTallied(among)) return sum(talliesAmong(among))
    const query = contextAt(among.at)
    const sql = `SELECT count(*) AS count FROM (${sqlFor(query, among, "1")})`
    const [row] = await rowsFor<{ count: number }>(among, sql, query.values)
    return row?.count ?? 0
  }

  /** By going through them, once for all fields. */
  const countedBy = async (among: Among, by: readonly Countable[], limit: number): Promise<Counts> => {
    const query = contextAt(among.at)
    const fields = [...new Set(by)]
    const values = fields.map((field, index) => `${valueOf(field)} AS v${index}`)
    const grouped = fields.length === 0 ? "" : `GROUP BY ${fields.map((_, index) => index + 1).join(", ")}`
    const rows = sqlFor(query, among, [...values, "count(*) AS count"].join(", "), grouped)
    const parts = fields.map((field, index) => {
      const [value, from] =
        listOf(field) === undefined ? [`v${index}`, "found"] : ["m.value", `found JOIN json_each(v${index}) m`]
      return `SELECT * FROM (SELECT ${index} AS field, ${value} AS value, sum(count) AS count FROM ${from}
        GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT ${limit})`
    })
    const all = `SELECT NULL AS field, NULL AS value, coalesce(sum(count), 0) AS count FROM found`
    const found = await rowsFor<{ field: number | null } & Counted>(
      among,
      `${asFound(rows)} ${[...parts, all].join(" UNION ALL ")}`,
      query.values,
    )
    const of = (wanted: number | null) => found.filter(({ field }) => field === wanted)
    return {
      total: of(null)[0]?.count ?? 0,
      counts: Object.fromEntries(
        fields.map((field, index) => [field, of(index).map(({ value, count: n }) => ({ value, count: n }))]),
      ),
    }
  }

  return {
    /** How many there are. */
    count,

    /** How many there are in all, and with each value of some fields, most first: what is asked together is gone through once. */
    async counts(among: Among, by: readonly Countable[], limit: number): Promise<Counts> {
      if (!isTallied(among)) return countedBy(among, by, limit)
      const all = talliesAmong(among)
      const told = new Map<Countable, readonly Counted[]>()
      for (const field of by) {
        const [column, state] = [listOf(field) ?? field, stated[field]]
        if (state !== undefined) told.set(field, mostFirst(sumsBy(all, state)).slice(0, limit))
        else if (isValued(among.kind, column))
          told.set(field, mostFirst(sumsBy(talliesAmong(among, column), ({ value }) => value)).slice(0, limit))
      }
      const untold = by.filter((field) => !told.has(field))
      const { counts } = untold.length === 0 ? { counts: {} } : await countedBy(among, untold, limit)
      const known: Counts["counts"] = { ...counts, ...Object.fromEntries(told) }
      return {
        total: sum(all),
        counts: Object.fromEntries(by.map((field) => [field, known[field]])),
      }
    },

    /** How many machines have which score; retired ones apart. */
    scoreCounts(at: Position): ReadonlyMap<number | null, number> {
      return sumsBy(talliesAmong({ kind: "target", at }), ({ health }) => health)
    },
  }
}

function sum(tallies: readonly Tally[]): number {
  return tallies.reduce((total, { count }) => total + count, 0)
}

function sumsBy<V>(tallies: readonly Tally[], value: (tally: Tally) => V): ReadonlyMap<V, number> {
  const sums = new Map<V, number>()
  for (const tally of tallies) sums.set(value(tally), (sums.get(value(tally)) ?? 0) + tally.count)
  return sums
}

/** As SQLite sorts: nothing before texts, and these by their bytes. */
function mostFirst(sums: ReadonlyMap<string | null, number>): Counted[] {
  return [...sums]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || before(a.value, b.value))
}

function before(a: string | null, b: string | null): number {
  return a === null ? -1 : b === null ? 1 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function listOf(by: Countable): List | undefined {
  return by === "source" ? "sources" : by === "tag" ? "tags" : undefined
}

/** Of scores there are many; what they mean is counted. Lists are taken apart later. */
function valueOf(by: Countable): string {
  const list = listOf(by)
  if (list !== undefined) return listIn(list)
  const { healthy, critical } = healthBounds
  return by === "health"
    ? `CASE WHEN e.health IS NULL THEN 'unknown' WHEN e.health >= ${healthy} THEN 'healthy' WHEN e.health < ${critical} THEN 'critical' ELSE 'warning' END`
    : `e.${by}`
}
