/** File systems that are about to be full, each by itself. Which band they are in was found out with hysteresis, so it is what counts here. */
import type { RecordedEvent } from "#events/catalog.js"
import type { TargetDocument } from "#events/facets/target.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { aboutRecord, machineOf, severityOn } from "../machines.js"
import { type Rule, type Verdict, titled } from "../rule.js"

export const diskFull: Rule = {
  name: "disk-full",
  types: ["TargetDiscovered", "TargetResourceStatusChanged", "TargetChanged", "TargetRetired"],
  concerns: alters,
  async judge(event, { views, open }) {
    const { position: at } = event
    const machine = await machineOf(views, recordOf(event.stream).id, at)
    if (machine === undefined) return []
    const records = event.type === "TargetRetired" ? [] : await recordsOfTarget(views, machine.id, at)
    const { resources = {} }: Pick<TargetDocument, "resources"> = await documentOfTarget(views, records, at, [
      "resources",
    ])
    const verdicts: Verdict[] = []
    for (const { about } of await open(machine.id))
      if (resources[about.part ?? ""] === undefined) verdicts.push({ is: "gone", about })
    for (const [key, status] of Object.entries(resources)) {
      if (!isFileSystem(key)) continue
      const about = await aboutRecord(views, machine, at, key)
      if (status === "healthy" || status === "warning") verdicts.push({ is: "right", about })
      if (status !== "critical") continue
      const title = titled(`${key.slice("fs:".length)} of ${about.name} is nearly full`)
      verdicts.push({ is: "wrong", about, severity: await severityOn(views, machine, at), title })
    }
    return verdicts
  },
}

/** A file system that is new, or there no more, is a change of the facet. */
function alters(event: RecordedEvent): boolean {
  if (event.type === "TargetChanged") return event.data.facet === "resources"
  return event.type !== "TargetResourceStatusChanged" || isFileSystem(event.data.resource)
}

function isFileSystem(resource: string): boolean {
  return resource.startsWith("fs:")
}
