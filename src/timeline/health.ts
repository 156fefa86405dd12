/** How the machines of the fleet were doing at a position, by what the ledger says: how long ago each was seen is not in it. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Health, type HealthStatus, healthOf, healthStatus, healthStatuses } from "#projections/health/score.js"
import type { ViewsReader } from "#projections/views.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"

/** By the machine's id; those that are retired are not in it. */
export type FleetHealth = ReadonlyMap<RecordId, Health>

export type HealthTotals = { readonly [S in HealthStatus]: number } & {
  /** The mean of the scores that are known. */
  readonly average: number | null
}

/** So many machines, and others get their turn. */
const chunk = 250

/** Costs what exists. */
export async function fleetHealth(views: ViewsReader, at: Position): Promise<FleetHealth> {
  const health = new Map<RecordId, Health>()
  let after = 0
  for (;;) {
    const machines = await views.inventory.statuses.machines(at, after, chunk)
    for (const { id } of machines) health.set(id, await healthAt(views, id, at))
    after = machines.at(-1)?.no ?? after
    if (machines.length < chunk) return health
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function healthAt(views: ViewsReader, id: RecordId, at: Position): Promise<Health> {
  const records = await recordsOfTarget(views, id, at)
  const document = (await documentOfTarget(views, records, at, ["resources", "updates"])) as Partial<TargetDocument>
  const services: ServiceStatus[] = []
  for (const { no } of records) services.push(...(await views.inventory.statuses.services(no, at)))
  return healthOf(document, services)
}

export function healthTotals(health: FleetHealth): HealthTotals {
  const counts = Object.fromEntries(healthStatuses.map((status) => [status, 0])) as Record<HealthStatus, number>
  const scores: number[] = []
  for (const { score } of health.values()) {
    counts[healthStatus(score)] += 1
    if (score !== null) scores.push(score)
  }
  const sum = scores.reduce((all, score) => all + score, 0)
  return { ...counts, average: scores.length === 0 ? null : Math.round((sum / scores.length) * 1_000) / 1_000 }
}
