/**
 * Pages in the order of names: what few have is found by an index, what many have by going through names. Of a point in the past as of now: names and what stands beside
 * them hardly change, and what had a status and has ended is in an index by where it hangs (interval.ts), so that it matters little how much has ended.
 */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { statementsOf } from "#sqlite/statements.js"
import type { Kind } from "../inventory/read.js"
import type { Scans } from "../scans.js"
import type { Condition } from "./condition.js"
import { forksOf } from "./interval.js"
import { spanReader } from "./spans.js"
import { type Context, apart, isMet, isNamed, isOfStatus, soughtBy } from "./where.js"

export interface PageByName {
  readonly kind: Kind
  readonly at: Position
  readonly condition: Condition | undefined
  readonly limit: number
  readonly descending: boolean
  readonly after: Name | undefined
}

/** Of an entity, what its place in such a list is. */
export interface Name {
  readonly name: string
  readonly no: number
}

/** Where a row is; its end is not told where it has to be looked for, and NULL of one that holds still. */
export interface Found extends Name {
  readonly fork?: number | null
  readonly until?: number | null
}

/** An index in the order of names. Its rows are called `w`. */
interface Way {
  readonly from: string
  /** Whether the entity of a row is meant. */
  readonly met: string
  readonly values: object
}

/** So many are gone through one by one, in two goes, before everything is looked through at once. */
const usualWalk: readonly number[] = [500, 2_000]

/** @returns reads of which entities a page is; undefined where too much has to be gone through for it */
export function pagesByName(
  db: Db,
  scans: Scans,
  contextAt: (at: Position, options: { readonly few: true }) => Context,
  [short = 500, long = short] = usualWalk,
) {
  const statement = statementsOf(db)
  const holding = spanReader(db)
  const reached = db.prepare<[], number>("SELECT position FROM checkpoint").pluck()

  /** What is of a status: what holds now and what has ended since, merged in the order of names. */
  const withStatus = (page: PageByName, status: string): Found[] | undefined => {
    const { kind, at, limit, condition } = page
    const context = contextAt(at, { few: true })
    const { told, rest } = apart(context, kind, condition, isOfStatus)
    const met = rest === undefined ? "TRUE" : isMet(context, kind, "w.no", rest)
    const forks = padded(holding(kind, status, at, forksAt(at, reached.get() ?? 0)))
    const places = Object.fromEntries(forks.map((fork, i) => [`fork${i}`, fork]))
    const found: Found[] = []
    let begin = page.after
    for (const steps of rest === undefined ? [limit] : [short, long]) {
      const { begins, order, values: beginning } = inOrder(page, begin)
      const part = (table: string, end: string, so: readonly string[]) =>
        `SELECT w.name AS name, w.no AS no, ${end} FROM ${table} w INDEXED BY ${table}_by_status
         WHERE ${["w.kind = $kind", "w.status = $status", "w.since <= $at", ...so, ...told].join(" AND ")} ${begins}`
      const parts = [
        part("entities", "NULL AS fork, NULL AS until", []),
        ...forks.map((_, i) => part("past_entities", "w.fork, w.until", [`w.fork = $fork${i}`, "w.until > $at"])),
      ]
      const candidates = `${parts.join(" UNION ALL ")} ${order} LIMIT`
      const values = { ...context.values, ...places, ...beginning, kind, status }
      const left = limit - found.length
      found.push(...statement<Found>(`SELECT * FROM (${candidates} ${steps}) w WHERE ${met} LIMIT ${left}`).all(values))
      if (rest === undefined || found.length === limit) return found
      const last = statement<Name>(`${candidates} 1 OFFSET ${steps - 1}`).get(values)
      if (last === undefined) return found
      if (found.length * 8 < limit) return undefined
      begin = last
    }
    return undefined
  }

  const named = async (page: PageByName): Promise<Name[] | undefined> => {
    const { kind, at, limit, condition } = page
    const context = contextAt(at, { few: true })
    const { told, rest } = apart(context, kind, condition, isNamed)
    const role = soughtBy(condition, "role")
    const [index, sought] =
      role === undefined
        ? ["", ""]
        : ["INDEXED BY entity_names_by_role", "AND w.role IS NOT NULL AND lower(w.role) = $role"]
    const from = `entity_names w ${index} WHERE w.kind = $kind ${sought} AND w.since <= $at AND (w.until IS NULL OR w.until > $at)`
    const met = rest === undefined ? "TRUE" : isMet(context, kind, "w.no", rest)
    const values = { ...context.values, kind, ...(role !== undefined && { role }) }
    if (told.length === 0) return walk(page, { from, met, values })
    const so = told.join(" AND ")
    const { found, last } = go(page, { from, met: `${so} AND ${met}`, values }, page.after, short)
    if (last === undefined || found.length === limit) return found
    // What is told beside names is asked of all of them, and the rest of those alone that it is so of.
    const { begins, order, values: beginning } = inOrder(page, last)
    const bound = { ...values, ...beginning }
    const candidates = `SELECT w.name AS name, w.no AS no FROM ${from} AND ${so} ${begins} ${order} LIMIT ${long}`
    const more = `SELECT name, no FROM (${candidates}) w WHERE ${met} LIMIT ${limit - found.length}`
    found.push(...(await scans.all<Name>(more, bound)))
    if (found.length === limit) return found
    const [row] = await scans.all<{ count: number }>(`SELECT count(*) AS count FROM (${candidates})`, bound)
    return row?.count === long ? undefined : found
  }

  const walk = (page: PageByName, way: Way): Name[] | undefined => {
    const { limit, after } = page
    const found: Name[] = []
    let begin = after
    // Of what few meet, a short way says so.
    for (const steps of [short, long]) {
      const { found: more, last } = go(page, way, begin, steps)
      found.push(...more.slice(0, limit - found.length))
      if (last === undefined || found.length === limit) return found
      if (found.length * 8 < limit) return undefined
      begin = last
    }
    return undefined
  }

  /** Goes so far from a name on. @returns also the name that it came to, unless there is none beyond */
  const go = (page: PageByName, { from, met, values }: Way, begin: Name | undefined, steps: number) => {
    const { begins, order, values: beginning } = inOrder(page, begin)
    const bound = { ...values, ...beginning }
    const names = `SELECT w.name AS name, w.no AS no FROM ${from} ${begins}`
    const last = statement<Name>(`${names} ${order} LIMIT 1 OFFSET ${steps}`).get(bound)
    const ends = last === undefined ? "" : `AND (w.name, w.no) ${page.descending ? ">=" : "<="} ($lastName, $lastNo)`
    const found = statement<Name>(`${names} ${ends} AND ${met} ${order} LIMIT ${page.limit}`).all({
      ...bound,
      ...(last && { lastName: last.name, lastNo: last.no }),
    })
    return { found, last }
  }

  return async (page: PageByName): Promise<readonly Found[] | undefined> => {
    const status = soughtBy(page.condition, "status")
    const ofStatus = status === undefined ? undefined : withStatus(page, status)
    return ofStatus ?? (await named(page))
  }
}

/** The order of a page's names, from beyond one of them on. */
function inOrder({ descending }: PageByName, name: Name | undefined) {
  const direction = descending ? "DESC" : "ASC"
  return {
    order: `ORDER BY name ${direction}, no ${direction}`,
    begins: name === undefined ? "" : `AND (w.name, w.no) ${descending ? "<" : ">"} ($beginName, $beginNo)`,
    values: name === undefined ? {} : { beginName: name.name, beginNo: name.no },
  }
}

/** Where intervals hang that may hold a position and ended by another. */
function forksAt(at: Position, reached: number): readonly number[] {
  if (at >= reached) return []
  const { left, right } = forksOf(at)
  return [...left, ...right.filter((fork) => fork <= reached)]
}

/** Forks are asked in so many or twice as many at once, so that there are few texts of statements. */
const forksAtOnce = 8

/** With places where nothing hangs. */
function padded(forks: readonly number[]): readonly number[] {
  return [...forks, ...Array.from({ length: -forks.length & (forksAtOnce - 1) }, () => -1)]
}
