/**
 * How a machine is doing, as one number with the reasons for it: 1.0, less a weight for each thing that is wrong (the seed's rule). What the ledger says comes
 * in as the document and its services' statuses; what the clock alone changes, how long ago it was seen, comes in beside that, so that the one can be kept and
 * the other cannot.
 */
import type { ServiceStatus } from "#events/facets/service.js"
import type { ResourceStatus, TargetDocument } from "#events/facets/target.js"

/** What was wrong. */
export interface HealthReason {
  readonly factor: "cpu" | "memory" | "disk" | "security" | "services" | "stale"
  /** What it takes from the score. */
  readonly weight: number
  /** For a person: "cpu is critical". */
  readonly fact: string
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
const hourMs = 3_600_000

/**
 * @param document of a whole machine, or of it `resources` and `updates`
 * @param services the statuses of what runs on it
 * @param ageMs since it was last seen; null if it never was; undefined leaves that out of the score
 */
export function healthOf(
  { resources = {}, updates }: Pick<TargetDocument, "resources" | "updates">,
  services: readonly ServiceStatus[],
  ageMs?: number | null,
): Health {
  const reasons = [
    ...band("cpu", resources["cpu"]),
    ...band("memory", resources["memory"]),
    ...disk(resources),
    ...securityUpdates(updates),
    ...failedServices(services),
    ...staleness(ageMs),
  ]
  const isKnown =
    Object.values(resources).some((status) => status !== "unknown") ||
    (updates?.pending ?? null) !== null ||
    services.some((status) => status !== "unknown")
  if (!isKnown) return { score: null, reasons }
  const taken = reasons.reduce((sum, { weight }) => sum + weight, 0)
  return { score: Math.round(Math.max(0, 1 - taken) * 100) / 100, reasons }
}

export function healthStatus(score: number | null): HealthStatus {
  if (score === null) return "unknown"
  if (score >= 0.7) return "healthy"
  return score < 0.3 ? "critical" : "warning"
}

function band(factor: "cpu" | "memory" | "disk", status: ResourceStatus | undefined, of = ""): HealthReason[] {
  if (status !== "critical" && status !== "warning") return []
  return [{ factor, weight: bandWeights[status], fact: `${factor} is ${status}${of}` }]
}

/** A machine is as full as the fullest of its file systems. */
function disk(resources: NonNullable<TargetDocument["resources"]>): HealthReason[] {
  for (const status of ["critical", "warning"] as const) {
    const full = Object.keys(resources).filter((key) => key.startsWith("fs:") && resources[key] === status)
    const names = full.map((key) => key.slice("fs:".length)).toSorted()
    if (names.length > 0) return band("disk", status, `: ${listed(names)}`)
  }
  return []
}

function securityUpdates(updates: TargetDocument["updates"]): HealthReason[] {
  const pending = Object.values(updates?.pending ?? {}).filter(({ security }) => security === true).length
  if (pending === 0) return []
  const fact = `${counted(pending, "security update is", "security updates are")} pending`
  return [{ factor: "security", weight: securityUpdatesWeight, fact }]
}

function failedServices(services: readonly ServiceStatus[]): HealthReason[] {
  const failed = services.filter((status) => status === "failed").length
  if (failed === 0) return []
  const fact = counted(failed, "service has failed", "services have failed")
  return [{ factor: "services", weight: failedServicesWeight, fact }]
}

function staleness(ageMs: number | null | undefined): HealthReason[] {
  if (ageMs === undefined) return []
  if (ageMs === null) return [{ factor: "stale", weight: 0.5, fact: "it was never seen" }]
  if (ageMs > 24 * hourMs) return [{ factor: "stale", weight: 0.5, fact: "it was not seen for over 24 hours" }]
  if (ageMs > 12 * hourMs) return [{ factor: "stale", weight: 0.2, fact: "it was not seen for over 12 hours" }]
  return []
}

function listed(names: readonly string[]): string {
  const rest = names.length - 3
  return rest > 0 ? `${names.slice(0, 3).join(", ")} and ${rest} more` : names.join(", ")
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
