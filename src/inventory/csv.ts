/** CSV (RFC 4180) for spreadsheets: a row for each machine, service and stack, with what lists tell of them. */
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
type Cell = string | number | readonly string[] | null | undefined
type Row = Partial<Record<(typeof columns)[number], Cell>>

export async function* csv(asked: Asked): AsyncGenerator<string> {
  yield lineOf(columns)
  const machineOf = machinesOf(asked)
  for (const kind of kinds) {
    for await (const entity of entitiesOf(asked, kind)) {
      const target = (await machineOf(entity))?.name
      const row: Row = { ...entity, ...summaryOf(entity), target }
      yield lineOf(columns.map((column) => row[column]))
    }
  }
}

function summaryOf({ summary }: Entity): Partial<TargetSummary & ServiceSummary & StackSummary> {
  return summary
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`
}

/** Lists in one cell, their members apart by spaces, as tags and addresses have none. */
function cellOf(value: Cell): string {
  if (value === null || value === undefined) return ""
  const text = typeof value === "object" ? value.join(" ") : String(value)
  return quoted(harmless(text))
}

/** A spreadsheet takes a cell that begins so for a formula, which may send what is in others away. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
