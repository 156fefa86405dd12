/** Hosts that show another key than the one that is trusted: somebody else may be answering. */
import { recordOf } from "#projections/inventory/record-numbers.js"
import { aboutRecord, machineOf } from "../machines.js"
import { type Rule, titled } from "../rule.js"

export const hostKeyChanged: Rule = {
  name: "host-key-changed",
  types: ["HostKeyChanged", "TargetChanged", "TargetRetired"],
  concerns: (event) => event.type !== "TargetChanged" || event.data.facet === "access",
  async judge(event, { views }) {
    const { id } = recordOf(event.stream)
    const machine = await machineOf(views, id, event.position)
    const record = await views.inventory.record(id)
    if (machine === undefined || record === undefined) return []
    const about = await aboutRecord(views, machine, event.position)
    if (event.type === "TargetRetired") return [{ is: "gone", about }]
    if (event.type === "HostKeyChanged") {
      const title = `${about.name} shows another host key than the one that is trusted: somebody else may be answering`
      return [{ is: "wrong", about, severity: "critical", title: titled(title) }]
    }
    const offered = await views.inventory.value(record.no, "/access/offeredHostKey", event.position)
    return offered === null ? [{ is: "right", about }] : []
  },
}
