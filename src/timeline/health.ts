/** How the machines of the fleet were doing at a position, by what the ledger says: how long ago each was seen is not in it. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Health, type HealthStatus, healthOf, healthStatus, healthStatuses } from "#projections/health/score.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"

/** The scores of machines by their ids, null where nothing is known of one; those that are retired are not in it. */
export type FleetHealth = ReadonlyMap<RecordId, number | null>

export type HealthTotals = { readonly [S in HealthStatus]: number } & {
  /** The mean of the scores that are known. */
  readonly average: number | null
}

/** How one machine was doing, with the reasons. */
export async function healthAt(views: ViewsReader, { id, no }: RecordRow, at: Position): Promise<Health> {
  const records = await recordsOfTarget(views, id, at)
  const document = (await documentOfTarget(views, records, at, ["resources", "updates"])) as Partial<TargetDocument>
  const statuses = await views.entities.counts({ kind: "service", at, targetNo: no }, "status", 10)
  const services = statuses.flatMap(({ value, count }) => Array.from({ length: count }, () => value as ServiceStatus))
  return healthOf(document, services)
}

export function healthTotals(health: FleetHealth): HealthTotals {
  const counts = Object.fromEntries(healthStatuses.map((status) => [status, 0])) as Record<HealthStatus, number>
  const scores: number[] = []
  for (const score of health.values()) {
    counts[healthStatus(score)] += 1
    if (score !== null) scores.push(score)
  }
  const sum = scores.reduce((all, score) => all + score, 0)
  return { ...counts, average: scores.length === 0 ? null : Math.round((sum / scores.length) * 1_000) / 1_000 }
}
