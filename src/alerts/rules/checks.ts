/** Checks that fail, by what their tries have agreed upon. */
import { recordOf } from "#projections/inventory/record-numbers.js"
import { aboutRecord, machineOf, severityOn } from "../machines.js"
import { type Rule, titled } from "../rule.js"

export const checkFailing: Rule = {
  name: "check-failing",
  types: ["CheckStatusChanged", "CheckEnded"],
  async judge(event, { views }) {
    if (event.type !== "CheckStatusChanged" && event.type !== "CheckEnded") return []
    const { id } = recordOf(event.stream)
    const about = { kind: "check", id, name: event.data.check } as const
    if (event.type === "CheckEnded") return [{ is: "gone", about }]
    const { to, detail = "it does not say why", check } = event.data
    if (to === "passing") return [{ is: "right", about }]
    if (to !== "failing") return []
    const entity = event.data.about && (await views.inventory.record(event.data.about.id))
    const of = entity ? ` of ${(await aboutRecord(views, entity, event.position)).name}` : ""
    const machine = entity ? await machineOf(views, entity.id, event.position) : undefined
    const severity = await severityOn(views, machine, event.position)
    return [{ is: "wrong", about, severity, title: titled(`the check ${check}${of} fails: ${detail}`) }]
  },
}
