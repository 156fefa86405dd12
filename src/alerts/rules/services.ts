/** Services that have failed. One whose state keeps changing is told when that is over. */
import type { RecordedEvent } from "#events/catalog.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import { aboutRecord, machineOf, severityOn } from "../machines.js"
import { type Rule, titled } from "../rule.js"

function hasFailed(event: RecordedEvent): boolean {
  if (event.type === "ServiceDiscovered") return event.data.document.state?.status === "failed"
  if (event.type === "ServiceStateChanged") return event.data.to === "failed"
  return event.type === "ServiceFlappingEnded" && event.data.status === "failed"
}

export const serviceFailed: Rule = {
  name: "service-failed",
  types: ["ServiceDiscovered", "ServiceStateChanged", "ServiceFlappingEnded", "ServiceRetired"],
  async judge(event, { views, open }) {
    const { position: at } = event
    const { id } = recordOf(event.stream)
    // What has not failed is over where it was told.
    if (!hasFailed(event) && (await open(id)).length === 0) return []
    const service = await views.inventory.record(id)
    if (service === undefined) return []
    const about = await aboutRecord(views, service, at)
    if (event.type === "ServiceRetired") return [{ is: "gone", about }]
    const status = await views.inventory.value(service.no, "/state/status", at)
    if (status === "running" || status === "stopped") return [{ is: "right", about }]
    if (status !== "failed") return []
    const machine = await machineOf(views, service.id, at)
    const on = machine === undefined ? "" : ` on ${(await aboutRecord(views, machine, at)).name}`
    const severity = await severityOn(views, machine, at)
    return [{ is: "wrong", about, severity, title: titled(`${about.name}${on} has failed`) }]
  },
}
