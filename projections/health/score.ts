/**
 * How a machine is doing, as one number with the reasons for it: 1.0, less a weight for each thing that is wrong (the seed's rule). It is of the machine's document and its
 * services' statuses alone, the same under every policy, so that it can be kept beside each row: lists sort and filter by it. What is judged at a point (`judge.ts`) begins
 * with these very reasons and only adds to them, so a judgement is never above what a list says.
 */
import { escapeKey } from "#kernel/pointer.js"
import type { ServiceStatus } from "#events/facets/service.js"
import type { ResourceStatus, TargetDocument } from "#events/facets/target.js"

export const factors = [
  "cpu",
  "memory",
  "disk",
  "security",
  "services",
  "stale",
  "checks",
  "certificate",
  "host-key",
  "failed",
  "stopped",
  "unhealthy",
  "flapping",
  "needs",
] as const
export type Factor = (typeof factors)[number]

/** What was wrong. */
export interface HealthReason {
  readonly factor: Factor
  /** What it takes from the score. */
  readonly weight: number
  /** For a person: "cpu is critical". */
  readonly fact: string
  /** The field that it rests on: a pointer into the entity's document; null where it rests on other things than its document. */
  readonly path: string | null
}

export interface Health {
  /** From 0 to 1, in hundredths; null where nothing is known of how it is doing, which is not healthy. */
  readonly score: number | null
  readonly reasons: readonly HealthReason[]
}

export const healthStatuses = ["healthy", "warning", "critical", "unknown"] as const
export type HealthStatus = (typeof healthStatuses)[number]

const bandWeights = { critical: 0.3, warning: 0.1 } as const
const securityUpdatesWeight = 0.2
const failedServicesWeight = 0.2

/**
 * @param document of a whole machine, or of it `resources` and `updates`
 * @param services the statuses of what runs on it
 */
export function healthOf(
  { resources = {}, updates }: Pick<TargetDocument, "resources" | "updates">,
  services: readonly ServiceStatus[],
): Health {
  const reasons = [
    ...band("cpu", resources["cpu"]),
    ...band("memory", resources["memory"]),
    ...disk(resources),
    ...securityUpdates(updates),
    ...failedServices(services),
  ]
  const isKnown =
    Object.values(resources).some((status) => status !== "unknown") ||
    (updates?.pending ?? null) !== null ||
    services.some((status) => status !== "unknown")
  if (!isKnown) return { score: null, reasons }
  return { score: scoreOf(reasons), reasons }
}

/** What they leave of 1, in hundredths. */
export function scoreOf(reasons: readonly HealthReason[]): number {
  const taken = reasons.reduce((sum, { weight }) => sum + weight, 0)
  return Math.round(Math.max(0, 1 - taken) * 100) / 100
}

/** Where one stands of which nothing is known: behind what is known to be wrong, and before what is well. */
export const ofUnknown = 0.995

/** From which score on a machine is healthy, and below which it is critical. */
export const healthBounds = { healthy: 0.7, critical: 0.3 } as const

export function healthStatus(score: number | null): HealthStatus {
  if (score === null) return "unknown"
  if (score >= healthBounds.healthy) return "healthy"
  return score < healthBounds.critical ? "critical" : "warning"
}

function band(factor: "cpu" | "memory", status: ResourceStatus | undefined): HealthReason[] {
  if (status !== "critical" && status !== "warning") return []
  return [{ factor, weight: bandWeights[status], fact: `${factor} is ${status}`, path: `/resources/${factor}` }]
}

/** A machine is as full as the fullest of its file systems. */
function disk(resources: NonNullable<TargetDocument["resources"]>): HealthReason[] {
  for (const status of ["critical", "warning"] as const) {
    const full = Object.keys(resources).filter((key) => key.startsWith("fs:") && resources[key] === status)
    const names = full.map((key) => key.slice("fs:".length)).toSorted()
    const [first] = names
    if (first === undefined) continue
    const path = `/resources/${escapeKey(`fs:${first}`)}`
    return [{ factor: "disk", weight: bandWeights[status], fact: `disk is ${status}: ${listed(names)}`, path }]
  }
  return []
}

function securityUpdates(updates: TargetDocument["updates"]): HealthReason[] {
  const pending = Object.values(updates?.pending ?? {}).filter(({ security }) => security === true).length
  if (pending === 0) return []
  const fact = `${counted(pending, "security update is", "security updates are")} pending`
  return [{ factor: "security", weight: securityUpdatesWeight, fact, path: "/updates/pending" }]
}

function failedServices(services: readonly ServiceStatus[]): HealthReason[] {
  const failed = services.filter((status) => status === "failed").length
  if (failed === 0) return []
  const fact = counted(failed, "service has failed", "services have failed")
  return [{ factor: "services", weight: failedServicesWeight, fact, path: null }]
}

export function listed(names: readonly string[]): string {
  const rest = names.length - 3
  return rest > 0 ? `${names.slice(0, 3).join(", ")} and ${rest} more` : names.join(", ")
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
