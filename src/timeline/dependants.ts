/** What something is there for and what depends on it, at a position. Remembered, as those that change together often stand on one machine. */
import type { ServiceDocument } from "#events/facets/service.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { roleAndTags } from "#projections/inventory/role-and-tags.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"
import { dependantsIn } from "./weight.js"

/** More than one machine runs. */
const mostServices = 10_000

/** The services of one stack: what each waits for, by the names that they have there. */
type Waiting = ReadonlyMap<string, readonly string[]>

export class Dependants {
  readonly #views: ViewsReader
  readonly #at: Position
  readonly #roles = new Map<RecordId, string | null>()
  readonly #stacks = new Map<RecordId, ReadonlyMap<string, Waiting>>()

  constructor(views: ViewsReader, at: Position) {
    this.#views = views
    this.#at = at
  }

  /** @param target the machine's id */
  async roleOf(target: RecordId): Promise<string | null> {
    const known = this.#roles.get(target)
    if (known !== undefined) return known
    const records = await recordsOfTarget(this.#views, target, this.#at)
    const { role } = roleAndTags(await documentOfTarget(this.#views, records, this.#at, ["assigned", "labels"]))
    this.#roles.set(target, role)
    return role
  }

  /** On a machine or in a stack depends what runs there; on a service what waits for it in its stack. */
  async of(record: RecordRow): Promise<number> {
    const { inventory } = this.#views
    if (record.kind === "target")
      return this.#views.entities.count({ kind: "service", at: this.#at, targetNo: record.no })
    if (record.kind === "stack") {
      const name = await inventory.value(record.no, "/identity/name", this.#at)
      return typeof name === "string" ? ((await this.#stacksOn(record.targetId)).get(name)?.size ?? 0) : 0
    }
    const { stack, stackService } = await this.#configOf(record.no)
    if (typeof stack !== "string" || typeof stackService !== "string") return 0
    return dependantsIn((await this.#stacksOn(record.targetId)).get(stack) ?? new Map(), stackService)
  }

  /** The name of the stack that a service is part of. */
  async stackOf(record: RecordRow): Promise<string | null> {
    return (await this.#configOf(record.no)).stack ?? null
  }

  async #stacksOn(targetId: RecordId): Promise<ReadonlyMap<string, Waiting>> {
    const known = this.#stacks.get(targetId)
    if (known !== undefined) return known
    const stacks = new Map<string, Map<string, string[]>>()
    const target = await this.#views.inventory.record(targetId)
    const asked = { kind: "service", at: this.#at, limit: mostServices, targetNo: target?.no } as const
    for (const { no } of await this.#views.entities.page(asked)) {
      const { stack, stackService, dependsOn } = await this.#configOf(no)
      if (typeof stack !== "string" || typeof stackService !== "string") continue
      const waiting = stacks.get(stack) ?? new Map<string, string[]>()
      stacks.set(stack, waiting)
      const names = Object.keys(dependsOn ?? {}).map((key) => key.slice("service:".length))
      // Of one that runs several times, each waits for the same.
      waiting.set(stackService, [...(waiting.get(stackService) ?? []), ...names])
    }
    this.#stacks.set(targetId, stacks)
    return stacks
  }

  async #configOf(no: number): Promise<NonNullable<ServiceDocument["config"]>> {
    const { config } = (await this.#views.inventory.document(no, this.#at, ["config"])) as Partial<ServiceDocument>
    return config ?? {}
  }
}
