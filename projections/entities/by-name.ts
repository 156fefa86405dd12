/**
 * Pages in the order of names: what few have is found by an index, what many have by going through names. Of a point in the past as of now: names and what stands beside
 * them hardly change, and of statuses it is in an index what has ended since.
 */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { statementsOf } from "#sqlite/statements.js"
import type { Kind } from "../inventory/read.js"
import type { Scans } from "../scans.js"
import type { Condition } from "./condition.js"
import { type Context, apart, asFound, isMet, isNamed, isOfStatus, pastRowsOf, soughtBy, sqlOf } from "./where.js"

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

/** An index in the order of names. Its rows are called `w`. */
interface Way {
  readonly from: string
  /** Whether the entity of a row is meant. */
  readonly met: string
  readonly values: object
}

/** So many are gone through one by one, in two goes, before everything is looked through at once. */
const usualWalk: readonly number[] = [500, 2_000]

/** @returns reads the numbers of a page's entities; undefined where too much has to be gone through for it */
export function pagesByName(
  db: Db,
  scans: Scans,
  contextAt: (at: Position, options: { readonly few: true }) => Context,
  [short = 500, long = short] = usualWalk,
) {
  const late = 2 * short
  const statement = statementsOf(db)
  const reached = db.prepare<[], number>("SELECT position FROM checkpoint").pluck()

  /** What is of a status: of what holds now, and of what has ended since. */
  const withStatus = (page: PageByName, status: string): Name[] | undefined => {
    const { kind, at, limit, condition, descending } = page
    const context = contextAt(at, { few: true })
    const { told, rest } = apart(context, kind, condition, isOfStatus)
    const among = (table: string, held: string, key: string): Way => ({
      from: `${table} w INDEXED BY ${table}_by_status WHERE w.kind = $kind AND w.status = $status`,
      met: [
        held,
        ...told,
        ...(rest === undefined ? [] : [`(SELECT ${sqlOf(context, kind, rest)} FROM ${table} e WHERE ${key})`]),
      ].join(" AND "),
      values: { ...context.values, kind, status },
    })
    const now = among("entities", "w.since <= $at", "e.kind = w.kind AND e.no = w.no")
    const past = among(
      "past_entities",
      "w.until > $at AND w.since <= $at",
      "e.kind = w.kind AND e.fork = w.fork AND e.until = w.until AND e.no = w.no",
    )
    const holding = walk(page, now, rest === undefined)
    const ended = (reached.get() ?? 0) - at < late ? endedLate(page) : walk(page, past, true)
    if (holding === undefined || ended === undefined) return undefined
    const names = [...holding, ...ended].sort(compareNames)
    return (descending ? names.reverse() : names).slice(0, limit)
  }

  /** What has ended since, in so few positions that it is little. */
  const endedLate = (page: PageByName): Name[] => {
    const { kind, at, limit, condition, after } = page
    const context = contextAt(at, { few: true })
    const rows = pastRowsOf(context, kind, "e.name AS name, e.no AS no", condition)
    const { begins, order, values } = inOrder(page, after)
    return statement<Name>(
      `${asFound(rows)} SELECT name, no FROM found w WHERE TRUE ${begins} ${order} LIMIT ${limit}`,
    ).all({ ...context.values, ...values })
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

  /** @param alone whether little but the index is looked at, which is cheap */
  const walk = (page: PageByName, way: Way, alone = false): Name[] | undefined => {
    const { limit, after } = page
    const found: Name[] = []
    let begin = after
    // Of what few meet, a short way says so.
    for (const steps of alone ? [short, long, 8 * long] : [short, long]) {
      const { found: more, last } = go(page, way, begin, steps)
      found.push(...more.slice(0, limit - found.length))
      if (last === undefined || found.length === limit) return found
      if (!alone && found.length * 8 < limit) return undefined
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

  return async (page: PageByName): Promise<readonly number[] | undefined> => {
    const status = soughtBy(page.condition, "status")
    const ofStatus = status === undefined ? undefined : withStatus(page, status)
    const found = ofStatus ?? (await named(page))
    return found?.map(({ no }) => no)
  }
}

/** The order of a page's names, from beyond one of them on. */
function inOrder({ descending }: PageByName, name: Name | undefined) {
  const direction = descending ? "DESC" : "ASC"
  return {
    order: `ORDER BY w.name ${direction}, w.no ${direction}`,
    begins: name === undefined ? "" : `AND (w.name, w.no) ${descending ? "<" : ">"} ($beginName, $beginNo)`,
    values: name === undefined ? {} : { beginName: name.name, beginNo: name.no },
  }
}

/** In the order of SQLite, which is that of bytes. */
function compareNames(a: Name, b: Name): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.no - b.no
}
