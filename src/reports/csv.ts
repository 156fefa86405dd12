/** A report as CSV: each line says of which section it is; a section's figures, its chart and its table have their own columns. */
import { type Cell as CsvCell, csvLine } from "#kernel/csv.js"
import type { Cell, Chart, Report, Section } from "./report.js"

export function* csv({ title, at, since, sections }: Report): Generator<string> {
  yield csvLine([title, "at", at.time, at.position, "since", since?.time, since?.position])
  for (const section of sections) yield sectionOf(section)
}

function sectionOf({ title, figures, chart, table }: Section): string {
  const lines = figures.map(({ label, value }) => csvLine([title, label, value]))
  for (const cells of chart === null ? [] : chartOf(chart)) lines.push(csvLine([title, ...cells]))
  if (table !== null) {
    const { columns, rows, total } = table
    // What an entity is called may be another's name too.
    const isEntity = (column: string) => rows.some((row) => typeof row[column] === "object" && row[column] !== null)
    const wide = columns.map((column) => [column, isEntity(column)] as const)
    lines.push(csvLine([title, ...wide.flatMap(([column, is]) => (is ? [column, `${column} id`] : [column]))]))
    for (const row of rows)
      lines.push(csvLine([title, ...wide.flatMap(([column, is]) => cellsOf(row[column] ?? null, is))]))
    if (total > rows.length) lines.push(csvLine([title, "more", total - rows.length]))
  }
  return lines.join("")
}

function cellsOf(value: Cell, isEntity: boolean): readonly CsvCell[] {
  if (typeof value === "object" && value !== null) return [value.name, value.id]
  return isEntity ? [value, null] : [value]
}

function chartOf(chart: Chart): readonly (readonly CsvCell[])[] {
  switch (chart.is) {
    case "bars":
      return chart.parts.map(({ label, value }) => [label, value])
    case "columns": {
      const labels = chart.columns[0]?.parts.map(({ label }) => label) ?? []
      return [
        ["from", ...labels],
        ...chart.columns.map(({ from, parts }) => [from, ...parts.map(({ value }) => value)]),
      ]
    }
    case "line":
      return chart.moments.map(({ at, value }) => [at, value])
  }
}
