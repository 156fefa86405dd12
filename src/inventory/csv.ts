/** CSV (RFC 4180) for spreadsheets: a row for each machine, service and stack, with what lists tell of them. */
import { type Cell, csvLine } from "#kernel/csv.js"
import type { Entity } from "#projections/entities/read.js"
import type { ServiceSummary, StackSummary, TargetSummary } from "#projections/entities/summary.js"
import { kinds } from "#projections/inventory/read.js"
import { type Asked, entitiesOf, machinesOf } from "./entries.js"

const columns = [
  "kind",
  "id",
  "name",
  "target",
  "lifecycle",
  "role",
  "tags",
  "status",
  "health",
  "os",
  "kernel",
  "addresses",
  "cpuCores",
  "memoryMiB",
  "environment",
  "runtime",
  "stack",
  "image",
  "ports",
  "description",
  "workingDir",
  "files",
  "sources",
] as const
type Row = Partial<Record<(typeof columns)[number], Cell>>

export async function* csv(asked: Asked): AsyncGenerator<string> {
  yield csvLine(columns)
  const machineOf = machinesOf(asked)
  for (const kind of kinds) {
    for await (const entity of entitiesOf(asked, kind)) {
      const target = (await machineOf(entity))?.name
      const row: Row = { ...entity, ...summaryOf(entity), target }
      yield csvLine(columns.map((column) => row[column]))
    }
  }
}

function summaryOf({ summary }: Entity): Partial<TargetSummary & ServiceSummary & StackSummary> {
  return summary
}
