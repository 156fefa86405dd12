/** Alerts that were open at the point, the gravest and newest first. */
import type { Asked } from "./asked.js"
import { type Section, section, tableOf } from "./report.js"

/** Nobody reads more, and a storm is grouped. */
const looked = 10_000

export async function openAlerts({ line, point, most }: Asked): Promise<Section> {
  const page = { point, limit: looked }
  const critical = await line.views.alerts.page({ ...page, severity: "critical" })
  const others = await line.views.alerts.page({ ...page, severity: "warning" })
  const columns = ["severity", "alert", "rule", "state", "since"]
  const table = tableOf(columns, [...critical, ...others], most, ({ severity, title, rule, state, raised }) => {
    return { severity, alert: title, rule, state, since: raised.time }
  })
  return section("Alerts that are not resolved", { table })
}
