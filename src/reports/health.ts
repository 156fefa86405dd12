/** How the fleet is doing: by the same judgement as `health`, with what it rests on. */
import { type HealthStatus, healthStatus, healthStatuses } from "#projections/health/score.js"
import type { Kind } from "#projections/inventory/read.js"
import { Judge, healthTotals } from "#timeline/health.js"
import { type JudgedEntity, judgedOfKind, reasonsOf } from "#timeline/judged.js"
import { entityRef } from "#timeline/entity.js"
import type { Asked, AskedOfPeriod } from "./asked.js"
import { counted, mostFirst } from "./counts.js"
import { found } from "./found.js"
import { type Cell, type Chart, type Section, type Tone, bars, figures, section } from "./report.js"
import { scoresOver } from "./trend.js"

export async function health(asked: AskedOfPeriod): Promise<readonly Section[]> {
  const { line, point } = asked
  const judge = await Judge.at(line.views, point)
  const [machines, stacks] = [await judged(asked, judge, "target"), await judged(asked, judge, "stack")]
  return [
    section("Machines", { figures: totalsOf(machines), chart: statuses(machines) }),
    await scoresOver(asked),
    await worst(asked, "Machines that are not well, worst first", "machine", machines),
    whatItTakes(machines),
    await worst(asked, "Stacks that are not well, worst first", "stack", stacks),
    await found(asked, ["Failed services", "service", "status:failed"]),
    await found(asked, ["Containers that say they are unhealthy", "service", "container.health:unhealthy"]),
    await failingChecks(asked),
    await found(asked, ["Machines that complete looks no longer find", "target", "lifecycle:unseen"]),
  ]
}

function judged({ line: { views }, point: { position } }: Asked, judge: Judge, kind: Kind) {
  return judgedOfKind(views, judge, kind, position)
}

function totals(all: readonly JudgedEntity[]) {
  return healthTotals(new Map(all.map(({ id, health: { score } }) => [id, score])))
}

export function totalsOf(all: readonly JudgedEntity[]): Section["figures"] {
  return figures({ judged: all.length, "average score": totals(all).average })
}

export const tones: Readonly<Record<HealthStatus, Tone>> = {
  healthy: "good",
  warning: "warning",
  critical: "critical",
  unknown: "unknown",
}

export function statuses(all: readonly JudgedEntity[]): Chart {
  const counts = totals(all)
  return bars(
    healthStatuses.map((status) => [status, counts[status]] as const),
    (status) => tones[status as HealthStatus],
  )
}

/** Those of which something is wrong, or nothing is known. */
export async function worst(
  asked: Asked,
  title: string,
  column: string,
  all: readonly JudgedEntity[],
): Promise<Section> {
  const { line, point, most } = asked
  const unwell = all.filter(({ health: { score } }) => score === null || score < 1)
  const rows = []
  for (const one of unwell.slice(0, most)) {
    const reasons = await reasonsOf(line.views, one, point.position)
    const { score } = one.health
    const positions = reasons.flatMap(({ position }) => position ?? [])
    rows.push({
      [column]: one.entity,
      score,
      status: healthStatus(score),
      why: reasons.map(({ fact }) => fact).join("; ") || "nothing is known of how it is doing",
      position: positions.length === 0 ? null : Math.max(...positions),
    })
  }
  const columns = [column, "score", "status", "why", "position"]
  return section(title, { table: { columns, rows, total: unwell.length } })
}

/** Of which kinds of trouble there is how much. */
function whatItTakes(machines: readonly JudgedEntity[]): Section {
  const factors = machines.flatMap(({ health: { reasons } }) => [...new Set(reasons.map(({ factor }) => factor))])
  return section("What is wrong, by how many machines", {
    chart: bars(mostFirst(counted(factors, [], (factor) => factor)), "warning"),
  })
}

export async function failingChecks({ line: { views }, point, most }: Asked): Promise<Section> {
  const failing = await views.checks.failing(point.position)
  const rows: Record<string, Cell>[] = []
  for (const { name, about, detail, time, since } of failing.slice(0, most)) {
    const record = about === null ? undefined : await views.inventory.record(about.id)
    const of = record === undefined ? null : await entityRef(views, record, point.position)
    rows.push({ check: name, of, detail, since: time, position: since })
  }
  const columns = ["check", "of", "detail", "since", "position"]
  return section("Failing checks", { table: { columns, rows, total: failing.length } })
}
