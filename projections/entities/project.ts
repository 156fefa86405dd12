/** Keeps one row per entity, as its records together tell of it. Reads what the inventory's projection has made of the same event: it comes after that. */
import { type RecordedEvent, catalog } from "#events/catalog.js"
import type { ServiceStatus } from "#events/facets/service.js"
import { policy } from "#events/policy.js"
import type { Json, JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { patchOf, subjectOf } from "../inventory/patch-of.js"
import { isDiscovery } from "../inventory/project.js"
import { pathReader } from "../inventory/paths.js"
import type { Kind } from "../inventory/read.js"
import type { RecordNumbers } from "../inventory/record-numbers.js"
import { documentOf } from "../inventory/units.js"
import type { Projection } from "../projection.js"
import { forkOf } from "./interval.js"
import { type Account, targetFacets, valuesOf } from "./summary.js"
import { type EntityValues, entitiesTables, traits, valueColumns } from "./tables.js"

export const entitiesProjection: Projection = { name: "entities", version: 4, tables: entitiesTables, projector }

interface RecordKept {
  readonly no: number
  readonly kind: Kind
  readonly source: string
  readonly nativeKey: string
  readonly targetNo: number
}

type Held = EntityValues & { readonly since: number }

function projector(db: Db, numbers: RecordNumbers): (event: RecordedEvent) => void {
  const paths = pathReader(db)
  const recordBy = db.prepare<[number], RecordKept>(
    `SELECT no, kind, source, native_key AS nativeKey, target_no AS targetNo FROM records WHERE no = ?`,
  )
  const linkOf = db
    .prepare<[number], number>("SELECT target_no FROM links WHERE record_no = ? AND until IS NULL")
    .pluck()
  /** The entity that a record is of now; while links are moved, one may lead to the next. */
  const entityOf = (no: number): number => {
    const target = linkOf.get(no)
    return target === undefined ? no : entityOf(target)
  }
  const linkedTo = db
    .prepare<[number], number>("SELECT record_no FROM links WHERE target_no = ? AND until IS NULL ORDER BY record_no")
    .pluck()
  const linkedTargets = db.prepare<[], number>("SELECT DISTINCT target_no FROM links WHERE until IS NULL").pluck()
  const unitsOfRecord = db.prepare<[number], UnitRow>("SELECT path_no AS pathNo, value FROM units WHERE record_no = ?")
  const unitsOfFacet = db.prepare<[number, number], UnitRow>(
    "SELECT path_no AS pathNo, value FROM units WHERE record_no = ? AND facet_no = ?",
  )
  const statuses = db
    .prepare<[number, number], ServiceStatus>(
      // CROSS: by the machine first. SQLite does not know that it is one of thousands.
      `SELECT DISTINCT e.status FROM records r CROSS JOIN entities e ON e.kind = 'service' AND e.no = r.no
       WHERE r.kind = 'service' AND e.lifecycle <> 'retired'
         AND r.target_no IN (SELECT ? UNION ALL SELECT record_no FROM links WHERE target_no = ? AND until IS NULL)`,
    )
    .pluck()
  const precedence = db.prepare<[], string>("SELECT policy FROM policies ORDER BY position DESC LIMIT 1").pluck()
  const store = rowWriter(db)
  /** The names of the sources that go before others; read when it is asked for first, as opening the views looks at none of their rows. */
  let order: readonly string[] | undefined

  const rank = (source: string) => {
    const names = (order ??= precedenceIn(precedence.get()))
    const place = names.indexOf(source)
    return place === -1 ? names.length : place
  }

  const documentOfRecord = (no: number, kind: Kind): JsonObject => {
    const rows =
      kind === "target"
        ? [...targetFacets].flatMap((facet) => {
            const numbered = paths.find(`/${facet}`)
            return numbered === undefined ? [] : unitsOfFacet.all(no, numbered.no)
          })
        : unitsOfRecord.all(no)
    return documentOf(
      rows.map(({ pathNo, value }) => ({ path: paths.get(pathNo).path, value: JSON.parse(value) as Json })),
    )
  }

  const accountsOf = (entity: number): Account[] => {
    const records = [entity, ...linkedTo.all(entity)].map((no) => recordBy.get(no) as RecordKept)
    if (records.length > 1) records.sort((a, b) => rank(a.source) - rank(b.source) || a.no - b.no)
    return records.map(({ no, kind, source, nativeKey }) => ({
      source,
      nativeKey,
      document: documentOfRecord(no, kind),
    }))
  }

  /** Makes a machine's row anew. */
  const refresh = (entity: number, position: Position): void =>
    store.put("target", entity, valuesOf("target", accountsOf(entity), statuses.all(entity, entity)), position)

  /** A machine is as well as what runs on it, which counts when it has failed, and when it is all that is known. */
  const refreshUnder = (targetNo: number, before: Held | undefined, after: EntityValues, position: Position): void => {
    const target = entityOf(targetNo)
    const isNews =
      hasFailed(before) !== hasFailed(after) ||
      (isKnown(before) && !isKnown(after)) ||
      (isKnown(after) && !isKnown(before) && store.get("target", target)?.["health"] === null)
    if (isNews) refresh(target, position)
  }

  const partChanged = (record: RecordKept, position: Position, document: JsonObject): void => {
    const before = store.get(record.kind, record.no)
    const after = valuesOf(record.kind, [{ ...record, document }], [])
    store.put(record.kind, record.no, after, position, before)
    if (record.kind === "service") refreshUnder(record.targetNo, before, after, position)
  }

  return (event) => {
    if (event.type === "PolicyAdopted") {
      const before = order
      order = event.data.policy.precedence
      if (before?.join("\n") !== order.join("\n"))
        for (const entity of linkedTargets.all()) refresh(entity, event.position)
      return
    }
    if (!catalog[event.type].change) return
    const number = numbers(subjectOf(event))
    if (number === undefined) return
    const record = recordBy.get(number.no) as RecordKept
    const discovered = isDiscovery(event) ? (event.data.document as JsonObject) : undefined
    if (record.kind !== "target")
      return partChanged(record, event.position, discovered ?? documentOfRecord(record.no, record.kind))
    if (discovered !== undefined)
      return store.put(
        "target",
        record.no,
        valuesOf("target", [{ ...record, document: discovered }], []),
        event.position,
      )
    if (!patchOf(event).some(({ path }) => targetFacets.has(facetIn(path)))) return
    const entity = entityOf(record.no)
    // What was linked is no entity of its own any more.
    if (entity !== record.no) store.remove("target", record.no, event.position)
    if (event.type === "RecordsUnlinked")
      refresh(entityOf(numbers(`target-${event.data.target}`)?.no ?? record.no), event.position)
    refresh(entity, event.position)
  }
}

interface UnitRow {
  readonly pathNo: number
  readonly value: string
}

function facetIn(path: string): string {
  const end = path.indexOf("/", 1)
  return path.slice(1, end === -1 ? undefined : end)
}

function precedenceIn(text: string | undefined): readonly string[] {
  return text === undefined ? [] : policy.parse(JSON.parse(text)).precedence
}

function hasFailed(service: EntityValues | undefined): boolean {
  return service?.["status"] === "failed" && service["lifecycle"] !== "retired"
}

function isKnown(service: EntityValues | undefined): boolean {
  return service !== undefined && service["status"] !== "unknown" && service["lifecycle"] !== "retired"
}

/** What a row of names is made of. */
const named = ["name", ...traits] as const

/** Puts rows in the place of others, which are moved aside with their end. */
function rowWriter(db: Db) {
  const columns = valueColumns.join(", ")
  const marks = valueColumns.map((column) => `$${column}`).join(", ")
  const read = db.prepare<[string, number], Held>(`SELECT since, ${columns} FROM entities WHERE kind = ? AND no = ?`)
  const write = db.prepare(`INSERT OR REPLACE INTO entities VALUES ($kind, $no, $since, ${marks})`)
  const remove = db.prepare<[string, number]>("DELETE FROM entities WHERE kind = ? AND no = ?")
  const setAside = db.prepare(`INSERT INTO past_entities VALUES ($kind, $fork, $until, $no, $since, ${marks})`)
  const beginName = db.prepare(
    `INSERT INTO entity_names VALUES ($kind, $name, $no, $since, NULL, ${traits.map((trait) => `$${trait}`).join(", ")})`,
  )
  const endName = db.prepare<[number, string, string, number]>(
    "UPDATE entity_names SET until = ? WHERE kind = ? AND name = ? AND no = ? AND until IS NULL",
  )
  const dropName = db.prepare<[string, string, number, number]>(
    "DELETE FROM entity_names WHERE kind = ? AND name = ? AND no = ? AND since = ?",
  )

  const end = (kind: Kind, no: number, held: Held, position: Position, keepsName: boolean): void => {
    const { since } = held
    // What one event writes twice was never so.
    if (since < position) setAside.run({ ...held, kind, no, until: position, fork: forkOf(since, position) })
    if (keepsName) return
    endName.run(position, kind, String(held["name"]), no)
    dropName.run(kind, String(held["name"]), no, position)
  }

  const get = (kind: Kind, no: number): Held | undefined => read.get(kind, no)

  return {
    get,

    put(kind: Kind, no: number, values: EntityValues, position: Position, held = get(kind, no)): void {
      if (held !== undefined && valueColumns.every((column) => held[column] === values[column])) return
      const keepsName = named.every((column) => held?.[column] === values[column])
      if (held !== undefined) end(kind, no, held, position, keepsName)
      const row = { ...values, kind, no, since: position }
      if (!keepsName) beginName.run(row)
      write.run(row)
    },

    remove(kind: Kind, no: number, position: Position): void {
      const held = get(kind, no)
      if (held === undefined) return
      end(kind, no, held, position, false)
      remove.run(kind, no)
    },
  }
}
