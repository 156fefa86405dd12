/** Reading entities at a position: lists, those that meet a condition, and how many there are of what. */
import type { RecordId } from "#kernel/ids.js"
import { recent } from "#kernel/recent.js"
import { unescapeKey } from "#kernel/patch.js"
import type { Position } from "#kernel/point.js"
import { ofUnknown } from "../health/score.js"
import type { Db } from "#sqlite/open.js"
import { statementsOf } from "#sqlite/statements.js"
import { policy } from "#events/policy.js"
import { pathReader } from "../inventory/paths.js"
import type { Kind } from "../inventory/read.js"
import type { Scans } from "../scans.js"
import { type Found, pagesByName } from "./by-name.js"
import type { Condition } from "./condition.js"
import { countsReader } from "./counts.js"
import { valueColumns } from "./tables.js"
import {
  type Context,
  asFound,
  contextOf,
  heldAmong,
  isMet,
  listIn,
  machineOf,
  recordsOfMachine,
  rowsAmong,
  rowsAt,
  rowsOf,
  standingOn,
} from "./where.js"

export const sortable = [
  "name",
  "lifecycle",
  "role",
  "status",
  "health",
  "os",
  "runtime",
  "environment",
  "stack",
  "image",
] as const
export type Sort = (typeof sortable)[number]

export interface Entity {
  readonly no: number
  readonly id: RecordId
  readonly kind: Kind
  readonly name: string
  readonly lifecycle: "observed" | "unseen" | "retired"
  readonly role: string | null
  readonly status: string | null
  readonly health: number | null
  readonly runtime: string | null
  readonly os: string | null
  readonly environment: string | null
  readonly stack: string | null
  readonly image: string | null
  readonly sources: readonly string[]
  readonly tags: readonly string[]
  /** What else a list tells of it: `TargetSummary`, `ServiceSummary`, `StackSummary`. */
  readonly summary: object
}

/** What stands on a machine. */
export type Standing = Pick<Entity, "id" | "name" | "status" | "stack">

/** Which entities. */
export interface Among {
  readonly kind: Kind
  readonly at: Position
  readonly condition?: Condition | undefined
  readonly includeRetired?: boolean
  /** On this machine. */
  readonly targetNo?: number | undefined
}

export interface PageOfEntities extends Among {
  readonly limit: number
  /** `worst` is by how well they are, with those of which that is not known before those that are well. */
  readonly sort?: Sort | "worst"
  readonly descending?: boolean
  /** `pageKey` of the entity after which the page begins. */
  readonly after?: PageKey | undefined
}

/** Where an entity stands in a list: the value that is sorted by, its name, its number. */
export type PageKey = readonly [string | number, string, number]

export type EntitiesReader = ReturnType<typeof entitiesReader>

const columns = `e.no AS no, (SELECT id FROM records WHERE no = e.no) AS id, e.kind AS kind, ${valueColumns
  .filter((column) => column !== "words")
  .map((column) => `e.${column} AS ${column}`)
  .join(", ")}`

/** What is sorted by where that is not a text of theirs. */
const sortedBy = { name: "''", health: "coalesce(e.health, -1)", worst: `coalesce(e.health, ${ofUnknown})` }

const statusesUnder = heldAmong(
  "e.status",
  "SELECT no FROM records WHERE kind = 'service' AND target_no IN (SELECT value FROM json_each($records))",
  "e.kind = 'service' AND e.lifecycle <> 'retired'",
)
const tagged = heldAmong("e.role AS role, e.tags AS tags", "SELECT $no", "e.kind = 'target'")

/** Few rows are read here and now; what may go through all of them is left to `scans`. */
export function entitiesReader(db: Db, scans: Scans, walked?: readonly number[]) {
  const statement = statementsOf(db)
  const paths = pathReader(db)
  const anyLink = db.prepare<[], number>("SELECT EXISTS (SELECT 1 FROM links)").pluck()
  const policyAt = db
    .prepare<[number], string>("SELECT policy FROM policies WHERE position <= ? ORDER BY position DESC LIMIT 1")
    .pluck()
  const precedenceIn = recent((text: string): readonly string[] => policy.parse(JSON.parse(text)).precedence)
  const pathsBeneath = db.prepare<[number, string, string], { no: number; path: string }>(
    "SELECT no, path FROM paths WHERE facet_no = ? AND path > ? AND path < ?",
  )

  const contextAt = (at: Position, { few = false } = {}): Context => {
    const text = policyAt.get(at)
    return contextOf(at, {
      linked: anyLink.get() === 1,
      few,
      precedence: text === undefined ? [] : precedenceIn(text),
      path: (path) => paths.find(path),
      items(collection, passes) {
        const root = paths.find(collection)
        if (root === undefined) return []
        // "0" is the character after "/".
        return pathsBeneath.all(root.facetNo, `${collection}/`, `${collection}0`).flatMap(({ no, path }) => {
          const key = path.slice(collection.length + 1)
          return !key.includes("/") && passes(nativeOf(unescapeKey(key))) ? no : []
        })
      },
    })
  }

  const byName = pagesByName(db, scans, contextAt, walked)

  const sqlFor = (context: Context, { kind, targetNo, ...among }: Among, wanted: string, grouped?: string): string => {
    const condition = conditionOf(among)
    if (targetNo === undefined) return rowsOf(context, kind, wanted, condition, grouped)
    return rowsAmong(context, kind, wanted, standingOn(context, kind, targetNo), condition, grouped)
  }

  /** Keys of a collection, of whatever record and time. */
  const keysOf = (collection: string, prefix: string): string[] => {
    const root = paths.find(collection)
    if (root === undefined) return []
    const keys = pathsBeneath.all(root.facetNo, `${collection}/`, `${collection}0`).flatMap(({ path }) => {
      const key = path.slice(collection.length + 1)
      const native = nativeOf(unescapeKey(key))
      return !key.includes("/") && native.toLowerCase().startsWith(prefix.toLowerCase()) ? native : []
    })
    return [...new Set(keys)].toSorted().slice(0, 50)
  }

  /** Those of some entities that meet what is asked for, in the order that they are given in. */
  const entitiesAmong = (asked: Among, nos: readonly number[]): Entity[] => {
    const query = contextAt(asked.at)
    const sql = rowsAmong(query, asked.kind, columns, "SELECT value FROM json_each($nos)", conditionOf(asked))
    return inOrderOf(nos, statement<Row>(sql).all({ ...query.values, nos: JSON.stringify(nos) }))
  }

  const entitiesAt = (kind: Kind, at: Position, found: readonly Found[]): Entity[] => {
    const nos = found.map(({ no }) => no)
    if (found.some(({ until }) => until === undefined)) return entitiesAmong({ kind, at, includeRetired: true }, nos)
    const places = JSON.stringify(found.map(({ no, fork, until }) => [no, fork, until]))
    return inOrderOf(nos, statement<Row>(rowsAt(kind, columns)).all({ places }))
  }

  /** What is on one machine is few. */
  const rowsFor = async <T>({ targetNo }: Among, sql: string, values: object): Promise<T[]> =>
    targetNo === undefined ? scans.all<T>(sql, values) : statement<T>(sql).all(values)

  /** What takes going through all that is meant. */
  const pageThrough = async (page: PageOfEntities): Promise<readonly Entity[]> => {
    const { kind, at, limit, sort = "name", descending = false, after } = page
    const query = contextAt(at)
    const by = sort in sortedBy ? sortedBy[sort as keyof typeof sortedBy] : `coalesce(e.${sort}, '')`
    const [value, name, no] = after ?? []
    const beyond =
      after === undefined ? "" : `WHERE (sorted, name, no) ${descending ? "<" : ">"} ($sorted, $name, $after)`
    const order = ["sorted", "name", "no"].map((key) => (descending ? `${key} DESC` : key)).join(", ")
    const sql = `${asFound(sqlFor(query, page, `${by} AS sorted, e.name AS name, e.no AS no`))}
      SELECT no FROM found ${beyond} ORDER BY ${order} LIMIT ${limit}`
    const values = after === undefined ? query.values : { ...query.values, sorted: value, name, after: no }
    const nos = (await rowsFor<{ no: number }>(page, sql, values)).map((row) => row.no)
    return entitiesAmong({ kind, at, includeRetired: true }, nos)
  }

  const counts = countsReader(db, { contextAt, sqlFor, rowsFor })

  /** The score up to which there are enough for a page behind `after`: few are that bad, and an index has them. Undefined where those that are well are needed, too. */
  const worstUpTo = (at: Position, limit: number, after: PageKey | undefined): number | undefined => {
    const begin = after === undefined ? -Infinity : Number(after[0])
    const scores = [...counts.scoreCounts(at)].flatMap(([score, count]) =>
      score !== null && score > begin && score < ofUnknown ? [{ score, count }] : [],
    )
    let left = limit
    for (const { score, count } of scores.sort((a, b) => a.score - b.score)) {
      left -= count
      if (left <= 0) return score
    }
    return undefined
  }

  const called = db
    .prepare<{ kind: Kind; name: string; at: number }, number>(
      "SELECT no FROM entity_names WHERE kind = $kind AND name = $name AND since <= $at AND (until IS NULL OR until > $at) ORDER BY no",
    )
    .pluck()

  return {
    /** The numbers of those that are called exactly so, retired ones too. */
    called: async (kind: Kind, name: string, at: Position): Promise<readonly number[]> =>
      called.all({ kind, name, at }),

    /** A page of entities in the order that is wanted; by name unless said otherwise. */
    async page(page: PageOfEntities): Promise<readonly Entity[]> {
      const { kind, at, limit, sort = "name", descending = false, after, targetNo } = page
      if (sort === "name" && targetNo === undefined) {
        const found = await byName({
          kind,
          at,
          limit,
          descending,
          condition: conditionOf(page),
          after: after && { name: after[1], no: after[2] },
        })
        if (found !== undefined) return entitiesAt(kind, at, found)
      }
      const bound = sort === "worst" && !descending ? worstUpTo(at, limit, after) : undefined
      if (bound !== undefined) {
        const worst = await pageThrough({ ...page, condition: isNoBetter(bound, page.condition) })
        if (worst.length === limit) return worst
      }
      return pageThrough(page)
    },

    /** How many there are of each kind, retired ones apart. */
    async totals(at: Position): Promise<Readonly<Record<Kind, number>>> {
      const of = (kind: Kind) => counts.count({ kind, at })
      return { target: await of("target"), service: await of("service"), stack: await of("stack") }
    },

    /** How each machine is doing, by its id; retired ones apart. */
    async scores(at: Position): Promise<ReadonlyMap<RecordId, number | null>> {
      const query = contextAt(at)
      const rows = sqlFor(
        query,
        { kind: "target", at },
        "(SELECT id FROM records WHERE no = e.no) AS id, e.health AS score",
      )
      const scores = await scans.all<{ id: RecordId; score: number | null }>(rows, query.values)
      return new Map(scores.map(({ id, score }) => [id, score]))
    },

    ...counts,

    /** How many of a kind there are on each of some machines, by the numbers of these; retired ones apart. */
    async countsOn(kind: Kind, at: Position, targetNos: readonly number[]): Promise<ReadonlyMap<number, number>> {
      const query = contextAt(at, { few: true })
      const sql = `SELECT t.value AS no, count(*) AS count FROM json_each($nos) t
        CROSS JOIN records r ON r.kind = '${kind}' AND r.target_no IN (${recordsOfMachine(query, "t.value")})
        WHERE ${isMet(query, kind, "r.no", { is: "present" })} GROUP BY t.value`
      const rows = statement<{ no: number; count: number }>(sql).all({
        ...query.values,
        nos: JSON.stringify(targetNos),
      })
      return new Map(rows.map((row) => [row.no, row.count]))
    },

    /** What stands on each of some machines, by the numbers of these, in few words and in the order of names; retired ones apart. */
    async standingOn(
      kind: Kind,
      at: Position,
      targetNos: readonly number[],
    ): Promise<ReadonlyMap<number, readonly Standing[]>> {
      const query = contextAt(at, { few: true })
      const among = `SELECT r.no FROM json_each($nos) t
        CROSS JOIN records r ON r.kind = '${kind}' AND r.target_no IN (${recordsOfMachine(query, "t.value")})`
      const wanted = `e.no AS no, (SELECT id FROM records WHERE no = e.no) AS id, e.name AS name, e.status AS status, e.stack AS stack,
        ${machineOf(query, "(SELECT target_no FROM records WHERE no = e.no)")} AS target`
      const rows = await scans.all<Standing & { readonly target: number }>(
        `${asFound(rowsAmong(query, kind, wanted, among, { is: "present" }))} SELECT target, id, name, status, stack FROM found ORDER BY name, no`,
        { ...query.values, nos: JSON.stringify(targetNos) },
      )
      const standing = new Map<number, Standing[]>()
      for (const { target, ...row } of rows) {
        const known = standing.get(target)
        if (known === undefined) standing.set(target, [row])
        else known.push(row)
      }
      return standing
    },

    /** Values that there are of what a condition is about, and that begin with a text, in their order: of columns, lists, and keys of collections. */
    async values(kind: Kind, at: Position, about: Condition, prefix: string): Promise<readonly string[]> {
      if (about.is === "item") return keysOf(about.collection, prefix)
      if (about.is !== "column" && about.is !== "member") return []
      const query = contextAt(at)
      const wanted = about.is === "column" ? `e.${about.column} AS value` : "m.value AS value"
      const rows = sqlFor(query, { kind, at }, about.is === "column" ? wanted : `${listIn(about.list)} AS list`)
      const from = about.is === "column" ? "found" : "(SELECT m.value AS value FROM found JOIN json_each(list) m)"
      const values = await scans.all<{ value: string }>(
        `${asFound(rows)} SELECT DISTINCT value FROM ${from} WHERE lower(substr(value, 1, length($prefix))) = lower($prefix) ORDER BY value LIMIT 50`,
        { ...query.values, prefix },
      )
      return values.map(({ value }) => value)
    },

    /** The numbers of all entities of a kind that are asked for, ascending: what a whole inventory is gone through by. */
    async numbers(among: Among): Promise<readonly number[]> {
      const query = contextAt(among.at)
      const sql = `${asFound(sqlFor(query, among, "e.no AS no"))} SELECT no FROM found ORDER BY no`
      return (await rowsFor<{ no: number }>(among, sql, query.values)).map(({ no }) => no)
    },

    /** Some of them, by their numbers, in that order. */
    async rows(kind: Kind, at: Position, nos: readonly number[]): Promise<readonly Entity[]> {
      const query = contextAt(at)
      const sql = rowsAmong(query, kind, columns, "SELECT value FROM json_each($nos)", undefined)
      const rows = statement<Row>(sql).all({ ...query.values, nos: JSON.stringify(nos) })
      return rows.map(entityOf).sort((a, b) => a.no - b.no)
    },

    /** Of each service on a machine, by the numbers of its records. */
    statusesUnder: async (records: readonly number[], at: Position): Promise<readonly string[]> =>
      statement<string>(statusesUnder)
        .pluck()
        .all({ records: JSON.stringify(records), at }),

    /** Of a machine, by the number of its oldest record. */
    async roleAndTags(
      no: number,
      at: Position,
    ): Promise<{ readonly role: string | null; readonly tags: readonly string[] }> {
      const row = statement<{ role: string | null; tags: string }>(tagged).get({ no, at })
      return row === undefined ? { role: null, tags: [] } : { ...row, tags: JSON.parse(row.tags) as string[] }
    },

    /** Which of some entities of a kind meet a condition; they are named by the numbers of their oldest records. */
    async among(
      kind: Kind,
      at: Position,
      condition: Condition | undefined,
      nos: readonly number[],
    ): Promise<readonly number[]> {
      const query = contextAt(at)
      const sql = rowsAmong(query, kind, "e.no AS no", "SELECT value FROM json_each($nos)", condition)
      const rows = statement<{ no: number }>(sql).all({ ...query.values, nos: JSON.stringify(nos) })
      return rows.map(({ no }) => no)
    },
  }
}

/** Where an entity stands in a list that is sorted by something. */
export function pageKey(entity: Entity, sort: Sort | "worst" = "name"): PageKey {
  const { health, name, no } = entity
  if (sort === "name") return ["", name, no]
  if (sort === "worst") return [health ?? ofUnknown, name, no]
  return [entity[sort] ?? (sort === "health" ? -1 : ""), name, no]
}

type Row = { readonly [K in keyof Entity]: K extends "sources" | "tags" | "summary" ? string : Entity[K] }

function inOrderOf(nos: readonly number[], rows: readonly Row[]): Entity[] {
  const byNo = new Map(rows.map((row) => [row.no, row]))
  return nos.flatMap((no) => {
    const row = byNo.get(no)
    return row === undefined ? [] : entityOf(row)
  })
}

function entityOf(row: Row): Entity {
  return {
    ...row,
    sources: JSON.parse(row.sources) as string[],
    tags: JSON.parse(row.tags) as string[],
    summary: JSON.parse(row.summary) as object,
  }
}

function isNoBetter(score: number, condition: Condition | undefined): Condition {
  const test = { has: "number", compare: "<=", value: score } as const
  const worst: Condition = { is: "column", column: "health", test }
  return condition === undefined ? worst : { is: "all", of: [worst, condition] }
}

function conditionOf({
  condition,
  includeRetired = false,
}: Pick<Among, "condition" | "includeRetired">): Condition | undefined {
  if (includeRetired) return condition
  const present: Condition = { is: "present" }
  return condition === undefined ? present : { is: "all", of: [present, condition] }
}

/** A key as its source has it. */
function nativeOf(key: string): string {
  return key.slice(key.indexOf(":") + 1)
}
