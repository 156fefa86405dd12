/** A report as Markdown (CommonMark with GitHub's tables). Foreign text makes no link, no picture, no mention and no HTML, wherever it is shown. */
import { printable } from "#kernel/printable.js"
import type { Cell, Chart, Part, Report, Section, Table } from "./report.js"
import { ofPoint, rest, shown } from "./words.js"

export function* markdown(report: Report): Generator<string> {
  yield `# ${plain(report.title)}\n\n${plain(ofPoint(report))}\n`
  for (const section of report.sections) yield sectionOf(section)
}

function sectionOf({ title, text, figures, chart, table, query }: Section): string {
  const parts = [`\n## ${plain(title)}\n`]
  if (text !== null) parts.push(`${plain(text)}\n`)
  if (figures.length > 0)
    parts.push(figures.map(({ label, value }) => `- ${plain(label)}: **${plain(shown(value))}**\n`).join(""))
  if (chart !== null) parts.push(chartOf(chart))
  if (table !== null) parts.push(tableOf(table))
  if (query !== null && table !== null && table.total > table.rows.length)
    parts.push(`All of them: ${plain(`search ${query.q}, of kind ${query.kind}`)}\n`)
  return parts.join("\n")
}

function tableOf(table: Table): string {
  const { columns, rows } = table
  if (rows.length === 0) return `None.\n`
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`
  const head = line(columns.map(plain)) + line(columns.map(() => "---"))
  const body = rows.map((row) => line(columns.map((column) => plain(shown(row[column] as Cell))))).join("")
  const more = rest(table)
  return head + body + (more === null ? "" : `\n${plain(more)}\n`)
}

function chartOf(chart: Chart): string {
  switch (chart.is) {
    case "bars":
      return barsOf(chart.parts)
    case "columns": {
      const sums = chart.columns.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0))
      const most = Math.max(1, ...sums)
      return `${sums.map((sum) => block(sum / most)).join("")} (${Math.max(0, ...sums)} at most)\n`
    }
    case "line":
      return `${chart.moments.map(({ value }) => (value === null ? "·" : block(value))).join("")} (from 0 to 1)\n`
  }
}

function barsOf(parts: readonly Part[]): string {
  if (parts.length === 0) return "None.\n"
  const most = Math.max(1, ...parts.map(({ value }) => value))
  const line = ({ label, value }: Part) =>
    `| ${plain(label)} | ${value} | ${"█".repeat(Math.round((value / most) * 20))} |\n`
  return `| | | |\n| --- | --: | --- |\n${parts.map(line).join("")}`
}

/** @param height from 0 to 1 */
function block(height: number): string {
  return height === 0 ? "▁" : "▁▂▃▄▅▆▇█".charAt(Math.min(7, Math.max(0, Math.ceil(height * 8) - 1)))
}

/**
 * Text and nothing else: what means something inside a line, and at its beginning, is escaped, and addresses that GitHub makes links of without being asked are broken up.
 */
export function plain(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]|~!@$]/g, String.raw`\$&`)
    .replaceAll(/:(?=\/\/)|(?<=\bmailto|\bxmpp):/gi, String.raw`\:`)
    .replaceAll(/\bwww\./gi, (match) => `${match.slice(0, 3)}\\.`)
    .replace(/^(\s*)([#+\-=])/, String.raw`$1\$2`)
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, String.raw`$1\$2`)
}
