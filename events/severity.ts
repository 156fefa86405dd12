/**
 * How much a change asks for attention, so that a strip of thousands shows where to look. A judgement of the event alone: what a role or a time of day makes of it is
 * for alerts to say.
 */
import type { EventOf, FleetEvent } from "./catalog.js"

/** From the least. */
export const severities = ["info", "notice", "warning", "critical"] as const
export type Severity = (typeof severities)[number]

/** `info` for events that alter no record. */
export function severityOf(event: FleetEvent): Severity {
  switch (event.type) {
    case "HostKeyChanged":
      return "critical"
    case "TargetUnseen":
    case "TargetRetired":
    case "ServiceFlappingStarted":
      return "warning"
    case "TargetDiscovered":
    case "TargetReappeared":
    case "TargetRoleAssigned":
    case "ServiceDiscovered":
    case "ServiceReappeared":
    case "ServiceRetired":
    case "StackDiscovered":
    case "StackReappeared":
    case "StackRetired":
    case "RecordsLinked":
    case "RecordsUnlinked":
      return "notice"
    case "TargetResourceStatusChanged":
      return ofBand[event.data.to]
    case "ServiceStateChanged":
      return ofStatus[event.data.to]
    case "ServiceFlappingEnded":
      return ofStatus[event.data.status]
    case "ServiceChanged":
      return becomesUnhealthy(event) ? "warning" : "info"
    default:
      return "info"
  }
}

const ofBand = { healthy: "notice", unknown: "notice", warning: "warning", critical: "critical" } as const
const ofStatus = { running: "notice", unknown: "notice", stopped: "warning", failed: "critical" } as const

/** By the engine's own check of the container. */
function becomesUnhealthy({ data }: EventOf<"ServiceChanged">): boolean {
  return data.patch.some(
    (step) =>
      step.path === "/container/health" && (step.op === "add" || step.op === "replace") && step.value === "unhealthy",
  )
}
