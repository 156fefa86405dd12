/** Machines whose health is below what is expected; well again only clearly above it. */
import type { RecordedEvent } from "#events/catalog.js"
import type { ServiceStatus } from "#events/facets/service.js"
import { healthBounds } from "#projections/health/score.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import { heldAt } from "#timeline/health.js"
import { aboutRecord, machineOf } from "../machines.js"
import { type Rule, titled } from "../rule.js"

/** So much above the bound it is well again. */
const hysteresis = 0.05

const facets = new Set(["resources", "updates", "security", "access", "guest"])

/** A machine is as well as before when a service of it goes from one of these to another: only what has failed counts, and what is known at all. */
const wellOrStopped: ReadonlySet<ServiceStatus> = new Set(["running", "stopped"])

function changesNothing(event: RecordedEvent): boolean {
  if (event.type === "TargetChanged") return !facets.has(event.data.facet)
  return event.type === "ServiceStateChanged" && wellOrStopped.has(event.data.from) && wellOrStopped.has(event.data.to)
}

/** Whether no machine is worse by it: that is of interest where one was told to be unwell. */
function takesNothing(event: RecordedEvent): boolean {
  if (event.type === "ServiceDiscovered") return wellOrStopped.has(event.data.document.state?.status ?? "unknown")
  return event.type === "ServiceRetired" || (event.type === "ServiceStateChanged" && wellOrStopped.has(event.data.to))
}

/** @param below the score */
export function healthBelow(below: number): Rule {
  return {
    name: "health-below",
    types: [
      "TargetDiscovered",
      "TargetChanged",
      "TargetResourceStatusChanged",
      "TargetRetired",
      "ServiceDiscovered",
      "ServiceStateChanged",
      "ServiceFlappingStarted",
      "ServiceFlappingEnded",
      "ServiceRetired",
      "CheckStatusChanged",
    ],
    concerns: (event) => !changesNothing(event),
    async judge(event, { views, open }) {
      const id = entityOf(event)
      const machine = id === undefined ? undefined : await machineOf(views, id, event.position)
      if (machine === undefined) return []
      if (takesNothing(event) && (await open(machine.id)).length === 0) return []
      const about = await aboutRecord(views, machine, event.position)
      if (event.type === "TargetRetired") return [{ is: "gone", about }]
      const { score, reasons } = await heldAt(views, machine, event.position)
      // Of what is not known any more nobody says that it is well.
      if (score === null) return [{ is: "gone", about }]
      if (score >= Math.min(1, below + hysteresis)) return [{ is: "right", about }]
      if (score >= below) return []
      const severity = score < healthBounds.critical ? "critical" : "warning"
      const why = reasons.map(({ fact }) => fact).join(", ")
      return [{ is: "wrong", about, severity, title: titled(`the health of ${about.name} is ${score}: ${why}`) }]
    },
  }
}

function entityOf(event: RecordedEvent): string | undefined {
  return event.type === "CheckStatusChanged" ? event.data.about?.id : recordOf(event.stream).id
}
