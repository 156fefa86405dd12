/** The fleet on one page. */
import type { Asked, AskedOfPeriod } from "./asked.js"
import { type Question, found } from "./found.js"
import { failingChecks, statuses, totalsOf, worst } from "./health.js"
import { Judge } from "#timeline/health.js"
import { judgedOfKind } from "#timeline/judged.js"
import type { Countable } from "#projections/entities/counts.js"
import type { Kind } from "#projections/inventory/read.js"
import { openAlerts } from "./alerts.js"
import { changesOver } from "./over-time.js"
import { type Section, bars, figures, section } from "./report.js"
import { scoresOver } from "./trend.js"

const counted: readonly (readonly [title: string, Kind, Countable])[] = [
  ["Machines by role", "target", "role"],
  ["Machines by operating system", "target", "os"],
  ["Services by status", "service", "status"],
  ["Services by runtime", "service", "runtime"],
]

const questions: readonly Question[] = [
  ["Failed services", "service", "status:failed"],
  ["Machines that complete looks no longer find", "target", "lifecycle:unseen"],
  ["Machines discovered within a week", "target", "discovered:>-7d"],
]

/** More values than anybody looks at in a chart. */
const mostBars = 12

export async function summary(asked: AskedOfPeriod): Promise<readonly Section[]> {
  const { line, point } = asked
  const machines = await judgedOfKind(line.views, await Judge.at(line.views, point), "target", point.position)
  const sections = [
    await sizes(asked),
    section("How machines are doing", { figures: totalsOf(machines), chart: statuses(machines) }),
    await scoresOver(asked),
    await worst(asked, "Machines that are not well, worst first", "machine", machines),
    await openAlerts(asked),
    await failingChecks(asked),
    await changesOver(asked),
  ]
  for (const question of questions) sections.push(await found(asked, question))
  for (const [title, kind, by] of counted) sections.push(await countedBy(asked, title, kind, by))
  return sections
}

async function sizes({ line, point }: Asked): Promise<Section> {
  const { target, service, stack } = await line.views.entities.totals(point.position)
  return section("What there is", { figures: figures({ machines: target, services: service, stacks: stack }) })
}

async function countedBy({ line, point }: Asked, title: string, kind: Kind, by: Countable): Promise<Section> {
  const { counts } = await line.views.entities.counts({ kind, at: point.position }, [by], mostBars)
  const parts = (counts[by] ?? []).map(({ value, count }) => [value ?? "none", count] as const)
  return section(title, { chart: bars(parts, "plain") })
}
