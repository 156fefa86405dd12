/** Of which machine something is, as rules and windows ask. */
import type { AlertAbout, AlertSeverity } from "#events/alert.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { entityRef, targetOf } from "#timeline/entity.js"

/** The machine's oldest record, of any record on it or of it; undefined where the id is none's. */
export async function machineOf(views: ViewsReader, id: string, at: Position): Promise<RecordRow | undefined> {
  const record = await views.inventory.record(id)
  const target = record && (await views.inventory.record(record.targetId))
  return target && targetOf(views, target, at)
}

/** What an alert is about, with the name that it has at the position. */
export async function aboutRecord(
  views: ViewsReader,
  record: RecordRow,
  at: Position,
  part?: string,
): Promise<AlertAbout & { readonly id: RecordId; readonly name: string }> {
  const { kind, id, name } = await entityRef(views, record, at)
  return { kind, id, name, ...(part !== undefined && { part }) }
}

/** What people rely upon. */
const vital: ReadonlySet<string | null> = new Set(["production", "gateway", "monitoring"])

/** Of trouble on a machine: critical where people rely upon it, or somebody has tagged it so. */
export async function severityOn(
  views: ViewsReader,
  machine: RecordRow | undefined,
  at: Position,
): Promise<AlertSeverity> {
  if (machine === undefined) return "warning"
  const { role, tags } = await views.entities.roleAndTags(machine.no, at)
  return vital.has(role) || tags.includes("critical") ? "critical" : "warning"
}
