/** Finding the entity that a person means: by id, by name as of a point, or by a name it once had. */
import { FleetError, bug } from "#kernel/errors.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Kind, type RecordRow, kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"

/** An entity as every answer names it. */
export interface EntityRef {
  readonly kind: Kind
  readonly id: RecordId
  readonly name: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * `reference` is an id, a name, or `target:<name>` / `service:<name>` / `stack:<name>`. What is called so goes before what
 * one of its records calls so; a target before others of the same name; and what is there before what is retired.
 * @throws FleetError `NotFound`, or `Ambiguous` with the ids to choose from
 */
export async function findEntity(views: ViewsReader, reference: string, at: Position): Promise<RecordRow> {
  const { inventory, entities } = views
  if (uuid.test(reference)) {
    const record = await inventory.record(reference)
    if (record === undefined || record.discovered > at) throw notFound(reference)
    return targetOf(views, record, at)
  }
  const typed = /^(target|service|stack):(.+)$/s.exec(reference)
  const name = typed?.[2] ?? reference
  const asked = kinds.filter((kind) => typed === null || kind === typed[1])
  const called = (await Promise.all(asked.map((kind) => entities.called(kind, name, at)))).flat()
  // What nothing is called may be what a source calls it, or what it was called before: that is gone through all records for.
  const named =
    called.length > 0
      ? (await Promise.all(called.map((no) => inventory.recordByNo(no)))).filter((record) => record !== undefined)
      : (await inventory.named(name, at)).filter(({ kind }) => asked.includes(kind))
  const byId = new Map<RecordId, RecordRow>()
  for (const record of named) {
    const whole = await targetOf(views, record, at)
    byId.set(whole.id, whole)
  }
  const found = [...byId.values()]
  const present: RecordRow[] = []
  for (const record of found) {
    if ((await inventory.value(record.no, "/lifecycle", at)) !== "retired") present.push(record)
  }
  const candidates = present.length > 0 ? present : found
  const targets = candidates.filter(({ kind }) => kind === "target")
  const [first, ...others] = targets.length > 0 ? targets : candidates
  if (first === undefined) throw notFound(reference)
  if (others.length === 0) return first
  const ids = [first, ...others].map(({ id }) => id)
  throw new FleetError(
    "Ambiguous",
    `${ids.length} entities are called "${name}"; name one by its id: ${ids.slice(0, 5).join(", ")}`,
    {
      details: { ids },
    },
  )
}

/** The oldest record of the machine that a record is of, which the machine has its id from; anything else is itself. */
export async function targetOf(views: ViewsReader, record: RecordRow, at: Position): Promise<RecordRow> {
  return (record.kind === "target" ? await views.inventory.linkOf(record.id, at) : undefined) ?? record
}

/** The machine that something runs on. */
export async function targetUnder(views: ViewsReader, { targetId }: RecordRow, at: Position): Promise<EntityRef> {
  const record = await views.inventory.record(targetId)
  if (record === undefined) throw bug(`the views do not know the target ${targetId}`)
  return entityRef(views, await targetOf(views, record, at), at)
}

export async function entityRef(views: ViewsReader, record: RecordRow, at: Position): Promise<EntityRef> {
  const name = await views.inventory.value(record.no, "/identity/name", at)
  return { kind: record.kind, id: record.id, name: typeof name === "string" ? name : record.nativeKey }
}

function notFound(reference: string): FleetError {
  return new FleetError(
    "NotFound",
    `nothing is called "${reference.slice(0, 120)}" at that point; "fleet-ledger targets" lists them`,
  )
}
