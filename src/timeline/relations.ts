/** What an entity has to do with others as of a point: what it runs on and what runs on it, what it is part of, and what it waits for. */
import type { ServiceDocument } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Position } from "#kernel/point.js"
import type { Condition } from "#projections/entities/condition.js"
import type { Kind, RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef, targetUnder } from "./entity.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"

/** From the entity that was asked about: it is … the other. */
export const relations = ["on", "host of", "part of", "made of", "waits for", "waited for by"] as const

export interface Relation {
  readonly relation: (typeof relations)[number]
  readonly entity: EntityRef
}

/** Most others by one relation: what has more is looked at with a query. */
export const mostRelated = 1_000

export async function relationsOf(views: ViewsReader, record: RecordRow, at: Position): Promise<readonly Relation[]> {
  const told = new Telling(views, at)
  if (record.kind === "target") await told.ofTarget(record)
  if (record.kind === "service") await told.ofService(record)
  if (record.kind === "stack") await told.ofStack(record)
  return told.relations
}

class Telling {
  readonly relations: Relation[] = []
  readonly #views: ViewsReader
  readonly #at: Position

  constructor(views: ViewsReader, at: Position) {
    this.#views = views
    this.#at = at
  }

  async ofTarget(record: RecordRow): Promise<void> {
    const records = await recordsOfTarget(this.#views, record.id, this.#at)
    const facets = ["guest", "hypervisor", "identity"]
    const document = await documentOfTarget(this.#views, records, this.#at, facets)
    const { guest, hypervisor, identity } = document as Partial<TargetDocument>
    if (guest?.cluster && guest.node)
      await this.#tell("on", "target", all(is("/hypervisor/cluster", guest.cluster), named(guest.node)))
    if (hypervisor?.cluster && identity?.name)
      await this.#tell(
        "host of",
        "target",
        all(is("/guest/cluster", hypervisor.cluster), is("/guest/node", identity.name)),
      )
    await this.#tell("host of", "stack", undefined, record.no)
    await this.#tell("host of", "service", undefined, record.no)
  }

  async ofService(record: RecordRow): Promise<void> {
    const target = await this.#host(record)
    const { config } = (await this.#views.inventory.document(record.no, this.#at, [
      "config",
    ])) as Partial<ServiceDocument>
    const { stack, stackService, dependsOn } = config ?? {}
    if (!stack) return
    await this.#tell("part of", "stack", named(stack), target)
    const among = (condition: Condition) => all({ is: "column", column: "stack", test: text(stack) }, condition)
    for (const key of Object.keys(dependsOn ?? {}).toSorted())
      await this.#tell("waits for", "service", among(is("/config/stackService", nativeOf(key))), target)
    if (!stackService) return
    const waiting: Condition = { is: "item", collection: "/config/dependsOn", test: text(stackService) }
    await this.#tell("waited for by", "service", among(waiting), target)
  }

  async ofStack(record: RecordRow): Promise<void> {
    const target = await this.#host(record)
    const { name } = await entityRef(this.#views, record, this.#at)
    await this.#tell("made of", "service", { is: "column", column: "stack", test: text(name) }, target)
  }

  /** @returns the number of the machine that it runs on */
  async #host(record: RecordRow): Promise<number | undefined> {
    const target = await targetUnder(this.#views, record, this.#at)
    this.relations.push({ relation: "on", entity: target })
    return (await this.#views.inventory.record(target.id))?.no
  }

  async #tell(relation: Relation["relation"], kind: Kind, condition?: Condition, targetNo?: number): Promise<void> {
    const found = await this.#views.entities.page({ kind, at: this.#at, condition, targetNo, limit: mostRelated })
    for (const { id, name } of found) this.relations.push({ relation, entity: { kind, id, name } })
  }
}

function all(...of: readonly Condition[]): Condition {
  return { is: "all", of }
}

function text(value: string) {
  return { has: "text", anyOf: [{ text: value, pattern: false }] } as const
}

function is(path: string, value: string): Condition {
  return { is: "field", path, test: text(value) }
}

function named(name: string): Condition {
  return { is: "column", column: "name", test: text(name) }
}

function nativeOf(key: string): string {
  return key.slice(key.indexOf(":") + 1)
}
