/** Reports as `report` makes them, in few words: of each table the first rows, of each chart its numbers, and the query that goes on where they end. */
import * as z from "zod"
import type { Json, JsonObject } from "#kernel/json.js"
import { at } from "#operations/define.js"
import { report } from "#operations/report.js"
import { reportKinds } from "#reports/kinds.js"
import type { Chart, Report, Section } from "#reports/report.js"
import { mostBytes, sizeOf } from "../fit.js"
import { known, pointShape, tool } from "../tool.js"

/** Rows of a table: as many of these as there is room for, as each section tells something of its own. */
const rowsOfATable = [5, 3, 2, 1] as const
/** What is left for the rest of the answer. */
const besides = 800

export const generateFleetReport = tool({
  name: "generate_fleet_report",
  title: "Fleet report",
  description: `A report at any point in time: ${reportKinds.join(", ")}. Each section has its numbers, the first of what it lists with how many there are (total), and, where there is one, the query that search_fleet goes on with. What nobody has looked at is in none but coverage.`,
  uses: [report],
  input: z.object({
    report_type: z.enum(reportKinds).default("summary"),
    since: z
      .string()
      .max(100)
      .optional()
      .describe(
        "Beginning of the period, of those that have one: summary, health, changes, coverage, access; -7d without it",
      ),
    at,
  }),
  output: z.object({
    at: pointShape,
    since: pointShape.optional(),
    report: z.string(),
    sections: z.array(z.looseObject({ title: z.string() })),
  }),
  async run(ask, { report_type: kind, since: from, at: asked }) {
    const [most] = rowsOfATable
    const given = { kind, since: from, at: asked, format: "json", limit: most }
    const { at: point, since, sections } = await ask<Report>(report, given)
    const told = (rows: number) => sections.map((section) => inFewWords(section, rows))
    const rows = rowsOfATable.find((count) => sizeOf(told(count)) <= mostBytes - besides) ?? 1
    return { at: point, ...(since !== null && { since }), report: kind, sections: told(rows) }
  },
})

function inFewWords({ title, text, figures, chart, table, query }: Section, most: number): JsonObject {
  return known({
    title,
    text,
    figures: figures.length === 0 ? null : Object.fromEntries(figures.map(({ label, value }) => [label, value])),
    ...(chart !== null && numbersOf(chart)),
    ...(table !== null && { total: table.total, items: table.rows.slice(0, most).map(known) }),
    query,
  })
}

/** When there were how many is told by `diff_inventory` and `explain_change`; their sums are figures. */
function numbersOf(chart: Chart): Readonly<Record<string, Json>> {
  if (chart.is === "bars") return { counts: Object.fromEntries(chart.parts.map(({ label, value }) => [label, value])) }
  if (chart.is === "columns") return {}
  const values = chart.moments.flatMap(({ value }) => value ?? [])
  const [first = null, last = null] = [values[0], values.at(-1)]
  return { first, last, least: values.length === 0 ? null : Math.min(...values) }
}
