/** Whether nobody is to be told of an alert at a point: it is silenced, or somebody is working on the machine that it is about. */
import type { AlertAbout } from "#events/alert.js"
import type { Point, Position } from "#kernel/point.js"
import type { Alert } from "#projections/alerts/read.js"
import { conditionsOf } from "#drift/where.js"
import type { ViewsReader } from "#projections/views.js"
import { machineOf } from "./machines.js"

export async function isQuiet(
  views: ViewsReader,
  { id, about }: Pick<Alert, "id" | "about">,
  point: Point,
): Promise<boolean> {
  if ((await views.alerts.one(id, point))?.state === "silenced") return true
  const active = await views.maintenance.active(point)
  if (active.length === 0) return false
  if (active.some(({ where }) => where === null)) return true
  const entity = await entityOf(views, about, point.position)
  const machine = entity === undefined ? undefined : await machineOf(views, entity, point.position)
  if (machine === undefined) return false
  for (const { where } of active) {
    const condition = (await conditionsOf(where as string, ["target"])).get("target")
    if ((await views.entities.among("target", point.position, condition, [machine.no])).length > 0) return true
  }
  return false
}

/** Of a check, what it says something of. */
async function entityOf(views: ViewsReader, { kind, id }: AlertAbout, at: Position): Promise<string | undefined> {
  if (kind !== "check" || id === undefined) return id
  return (await views.checks.one(id, at))?.about?.id
}
