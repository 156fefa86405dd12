/**
 * What the difference of two points means for how the fleet is doing: what was lost, by weight; who does worse, and who does better. Of what stood on a
 * machine or in a stack that is gone only that one is told.
 */
import type { ServiceStatus } from "#events/facets/service.js"
import { bug } from "#kernel/errors.js"
import type { RecordId } from "#kernel/ids.js"
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import { type HealthStatus, healthStatus } from "#projections/health/score.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { Dependants } from "./dependants.js"
import type { EntityDiff } from "./diff/item.js"
import { type EntityRef, entityRef, targetUnder } from "./entity.js"
import { type FleetHealth, healthAt } from "./health.js"
import { type Loss, criticalWeight, weightOf } from "./weight.js"

export interface CriticalChange {
  readonly entity: EntityRef
  readonly loss: Loss
  /** What its machine is there for. */
  readonly role: string | null
  /** How many depended on it. */
  readonly dependants: number
  readonly weight: number
}

/** A machine with its score, a service without. */
interface Doing {
  readonly status: HealthStatus | ServiceStatus
  readonly score: number | null
}

export interface Turn {
  readonly entity: EntityRef
  readonly before: Doing
  readonly after: Doing
  /** What is wrong now. */
  readonly reasons: readonly string[]
}

export interface Impact {
  /** Heaviest first. */
  readonly critical: readonly CriticalChange[]
  /** A worse status, or a score that dropped by more than 0.2. */
  readonly issues: readonly Turn[]
  readonly improvements: readonly Turn[]
}

export interface Ends {
  readonly from: { readonly position: Position; readonly health: FleetHealth }
  readonly to: { readonly position: Position; readonly health: FleetHealth }
}

/** Hundredths that a score may move by without a word. */
const noticeable = 20
const ranks: Readonly<Record<HealthStatus | ServiceStatus, number>> = {
  healthy: 3,
  running: 3,
  warning: 2,
  unknown: 1,
  stopped: 1,
  critical: 0,
  failed: 0,
}

/** @param items the difference from the one end to the other, in its order: a stack comes before its services, which are not told once more where it is gone */
export async function impactOf(views: ViewsReader, { from, to }: Ends, items: readonly EntityDiff[]): Promise<Impact> {
  const told = new Telling(views, from.position, to.position)
  for (const [id, before] of from.health) {
    const after = to.health.get(id)
    if (after === before) continue
    const record = await recordOf(views, id)
    if (after !== undefined) {
      const { reasons: why } = await healthAt(views, record, to.position)
      const reasons = why.map(({ fact }) => fact)
      await told.turned(record, id, { before: doing(before), after: doing(after), reasons })
    } else if ((await views.inventory.linkOf(id, to.position)) === undefined) await told.lost(record, id, "removed")
  }
  for (const { entity, change, changes } of items) {
    if (entity.kind === "target" || change === "created") continue
    const record = await recordOf(views, entity.id)
    const { id: target } = await targetUnder(views, record, from.position)
    if (told.isGone(target)) continue
    if (change === "removed") await told.lost(record, target, "removed")
    const status = changes.find(({ path }) => path === "/state/status")
    if (status === undefined) continue
    await told.turned(record, target, { before: running(status.before), after: running(status.after), reasons: [] })
  }
  return told.impact()
}

class Telling {
  readonly #views: ViewsReader
  readonly #from: Position
  readonly #to: Position
  readonly #dependants: Dependants
  readonly #critical: CriticalChange[] = []
  readonly #issues: Turn[] = []
  readonly #improvements: Turn[] = []
  readonly #gone = new Set<RecordId>()
  /** Machine and name of each stack that is gone. */
  readonly #goneStacks = new Set<string>()

  constructor(views: ViewsReader, from: Position, to: Position) {
    this.#views = views
    this.#from = from
    this.#to = to
    this.#dependants = new Dependants(views, from)
  }

  isGone(target: RecordId): boolean {
    return this.#gone.has(target)
  }

  /** @param target the machine that it stands on */
  async lost(record: RecordRow, target: RecordId, loss: Loss): Promise<void> {
    const entity = await entityRef(this.#views, record, this.#from)
    if (loss === "removed" && record.kind === "target") this.#gone.add(target)
    if (loss === "removed" && record.kind === "stack") this.#goneStacks.add(`${target} ${entity.name}`)
    if (record.kind === "service") {
      const stack = await this.#dependants.stackOf(record)
      if (stack !== null && this.#goneStacks.has(`${target} ${stack}`)) return
    }
    const [role, dependants] = [await this.#dependants.roleOf(target), await this.#dependants.of(record)]
    const weight = weightOf(loss, role, dependants)
    if (weight >= criticalWeight) this.#critical.push({ entity, loss, role, dependants, weight })
  }

  /** @param target the machine that it stands on */
  async turned(record: RecordRow, target: RecordId, turn: Omit<Turn, "entity">): Promise<void> {
    const { before, after } = turn
    const direction = Math.sign(ranks[after.status] - ranks[before.status]) || moved(before.score, after.score)
    if (direction === 0) return
    const told = { entity: await entityRef(this.#views, record, this.#to), ...turn }
    if (direction > 0) this.#improvements.push(told)
    else this.#issues.push(told)
    const loss = lossBy(after.status)
    if (direction < 0 && loss !== undefined) await this.lost(record, target, loss)
  }

  impact(): Impact {
    return {
      critical: this.#critical.toSorted((a, b) => b.weight - a.weight),
      issues: this.#issues,
      improvements: this.#improvements,
    }
  }
}

/** 1 for up, -1 for down, 0 for hardly. */
function moved(before: number | null, after: number | null): number {
  if (before === null || after === null) return 0
  const rise = Math.round((after - before) * 100)
  return Math.abs(rise) > noticeable ? Math.sign(rise) : 0
}

function lossBy(status: Doing["status"]): Loss | undefined {
  return status === "failed" || status === "critical" || status === "stopped" ? status : undefined
}

function doing(score: number | null): Doing {
  return { status: healthStatus(score), score }
}

function running(status: Json): Doing {
  return { status: (status ?? "unknown") as ServiceStatus, score: null }
}

async function recordOf({ inventory }: ViewsReader, id: RecordId): Promise<RecordRow> {
  const record = await inventory.record(id)
  if (record === undefined) throw bug(`the views do not know the record ${id}`)
  return record
}
