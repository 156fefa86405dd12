/** What is not as it is meant to be: the rows of `drift`, gravest first, with since when and by whom. */
import { expectationOf } from "#drift/expected.js"
import { driftOf } from "#drift/drift.js"
import type { DriftRow } from "#drift/row.js"
import { sortedInTurns } from "#timeline/turns.js"
import type { Asked } from "./asked.js"
import { machineOf } from "./found.js"
import { type Cell, type Section, bars, figures, section, tableOf } from "./report.js"
import { cellOf } from "./cell.js"
import { counted, mostFirst } from "./counts.js"

export async function drift(asked: Asked): Promise<readonly Section[]> {
  const { line, point, most } = asked
  const declared = await line.views.baselines.at(point.position)
  const { rows, broken } = await driftOf(line.views, point)
  const drifting = rows.filter(({ verdict }) => verdict === "drift")
  const worst = await sortedInTurns(drifting, (a, b) => rank(a) - rank(b))
  const text =
    declared.length === 0 ? "No baseline is in force: nothing says what the fleet is meant to be like." : null
  return [
    section("Against the baselines in force", {
      text,
      figures: figures({
        baselines: declared.length,
        critical: drifting.filter(({ severity }) => severity === "critical").length,
        warning: drifting.filter(({ severity }) => severity === "warning").length,
        "cannot be said": rows.length - drifting.length,
      }),
    }),
    section("Drift by baseline", {
      chart: bars(mostFirst(counted(drifting, [], ({ baseline }) => baseline)), "warning"),
    }),
    section("Drift by rule", {
      chart: bars(mostFirst(counted(drifting, [], ({ rule }) => rule ?? "a pinned point")), "warning"),
    }),
    section("What is not as it is meant to be, gravest first", {
      table: {
        columns: [
          "severity",
          "of",
          "machine",
          "baseline",
          "rule",
          "field",
          "expected",
          "actual",
          "since",
          "by",
          "expectation",
          "position",
        ],
        rows: await told(asked, worst.slice(0, most)),
        total: drifting.length,
      },
    }),
    section("Rules that this version of the program does not understand", {
      table: tableOf(["baseline", "rule", "why"], broken, most, ({ baseline, rule, why }) => ({ baseline, rule, why })),
    }),
  ]
}

function rank({ severity }: DriftRow): number {
  return severity === "critical" ? 0 : 1
}

async function told(asked: Asked, rows: readonly DriftRow[]): Promise<readonly Readonly<Record<string, Cell>>[]> {
  const { ledger, views } = asked.line
  const made = []
  for (const { severity, entity, baseline, rule, field, expected, actual, since } of rows) {
    const position = await since()
    const [event] = position === undefined ? [] : await ledger.readAt([position])
    made.push({
      severity,
      of: entity,
      machine: await machineOf(asked, entity.id),
      baseline,
      rule,
      field: field === "" ? null : field,
      expected: cellOf(expected),
      actual: cellOf(actual),
      since: event?.recordedAt ?? null,
      by: event === undefined ? null : (event.metadata.by ?? event.metadata.actor),
      expectation: event === undefined ? null : ((await expectationOf(views, event))?.is ?? null),
      position: position ?? null,
    })
  }
  return made
}
