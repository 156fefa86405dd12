/** Keeps one row per entity, as its records together tell of it. Reads what the inventory's projection has made of the same event: it comes after that. */
import { type RecordedEvent, catalog } from "#events/catalog.js"
import type { ServiceStatus } from "#events/facets/service.js"
import { policy } from "#events/policy.js"
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { patchOf, subjectOf } from "../inventory/patch-of.js"
import { isDiscovery } from "../inventory/project.js"
import type { Kind } from "../inventory/read.js"
import { type RecordNumbers, recordOf } from "../inventory/record-numbers.js"
import type { Later, Projection } from "../projection.js"
import { type RecordAccount, recordAccounts } from "./accounts.js"
import { rowWriter } from "./rows.js"
import { spanTables } from "./spans.js"
import { statusesUnder } from "./statuses.js"
import { type Account, healthIn, rowFields, statusIn, valuesOf } from "./summary.js"
import { type EntityValues, entitiesIndices, entitiesTables } from "./tables.js"
import { tallyTables } from "./tallies.js"

export const entitiesProjection: Projection = {
  name: "entities",
  version: 9,
  tables: entitiesTables + tallyTables + spanTables,
  indices: entitiesIndices,
  projector,
}

function projector(db: Db, numbers: RecordNumbers, later: Later): (event: RecordedEvent) => void {
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
  const precedence = db.prepare<[], string>("SELECT policy FROM policies ORDER BY position DESC LIMIT 1").pluck()
  const store = rowWriter(db, later)
  const records = recordAccounts(db)
  const statuses = statusesUnder(db)
  /** The names of the sources that go before others; read when it is asked for first, as opening the views looks at none of their rows. */
  let order: readonly string[] | undefined

  const rank = (source: string) => {
    const names = (order ??= precedenceIn(precedence.get()))
    const place = names.indexOf(source)
    return place === -1 ? names.length : place
  }

  const accountsOf = (entity: number): Account[] => {
    const linked = linkedTo.all(entity)
    if (linked.length === 0) return [records.part(entity)]
    return [entity, ...linked].map(records.whole).sort((a, b) => rank(a.source) - rank(b.source) || a.no - b.no)
  }

  const statusesOf = (entity: number): ServiceStatus[] => statuses.of([entity, ...linkedTo.all(entity)])

  const putTarget = (entity: number, accounts: readonly Account[], position: Position): void =>
    store.put("target", entity, valuesOf("target", accounts, statusesOf(entity)), position)

  /** Makes a machine's row anew. */
  const refresh = (entity: number, position: Position): void => putTarget(entity, accountsOf(entity), position)

  /** Of its row what rests on its services. */
  const refreshHealth = (entity: number, position: Position): void => {
    const health = healthIn(accountsOf(entity), statusesOf(entity))
    store.alter("target", entity, { health }, position)
  }

  /** A machine is as well as what runs on it, which counts when it has failed, and when it is all that is known. */
  const told = (
    { targetNo }: RecordAccount,
    before: EntityValues | undefined,
    after: EntityValues,
    position: Position,
  ): void => {
    statuses.moved(targetNo, before, after)
    const target = entityOf(targetNo)
    const isNews =
      hasFailed(before) !== hasFailed(after) ||
      (isKnown(before) && !isKnown(after)) ||
      (isKnown(after) && !isKnown(before) && store.get("target", target)?.health === null)
    if (isNews) refreshHealth(target, position)
  }

  /** What a record says now is the whole of its entity. */
  const put = (record: RecordAccount, position: Position): void => {
    if (record.kind === "target") return putTarget(record.no, [record], position)
    const before = store.get(record.kind, record.no)
    const after = valuesOf(record.kind, [record], [])
    store.put(record.kind, record.no, after, position)
    if (record.kind === "service") told(record, before, after, position)
  }

  /** The same where nothing of a service but how it is doing has changed. */
  const putStatus = (record: RecordAccount, position: Position): void => {
    const before = store.get("service", record.no)
    if (before === undefined) return put(record, position)
    const status = statusIn(record.document)
    store.alter("service", record.no, { status }, position)
    told(record, before, { ...before, status }, position)
  }

  const linkedChanged = (record: number, entity: number, event: RecordedEvent): void => {
    records.forget(record)
    if (!patchOf(event).some(({ path }) => facetIn(path) in rowFields.target)) return
    // What was linked is no entity of its own any more.
    if (entity !== record) store.remove("target", record, event.position)
    refresh(entity, event.position)
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
    const { no } = number
    const { position } = event
    const kind = recordOf(subjectOf(event)).kind as Kind
    if (isDiscovery(event)) {
      const { source, nativeKey, document } = event.data
      return put(records.discovered({ ...number, kind, source, nativeKey }, document as JsonObject), position)
    }
    if (event.type === "RecordsUnlinked") refresh(entityOf(numbers(`target-${event.data.target}`)?.no ?? no), position)
    const entity = kind === "target" ? entityOf(no) : no
    if (entity !== no || (kind === "target" && linkedTo.get(no) !== undefined)) return linkedChanged(no, entity, event)
    const patch = patchOf(event)
    const record = records.after(kind, no, patch)
    if (record === undefined) return
    if (kind === "service" && patch.every(({ path }) => path.startsWith("/state/"))) putStatus(record, position)
    else put(record, position)
  }
}

function facetIn(path: string): string {
  const end = path.indexOf("/", 1)
  return path.slice(1, end === -1 ? undefined : end)
}

function precedenceIn(text: string | undefined): readonly string[] {
  return text === undefined ? [] : policy.parse(JSON.parse(text)).precedence
}

function hasFailed(service: EntityValues | undefined): boolean {
  return service?.status === "failed" && service.lifecycle !== "retired"
}

function isKnown(service: EntityValues | undefined): boolean {
  return service !== undefined && service.status !== "unknown" && service.lifecycle !== "retired"
}
