/** What discovery saw and what not: by the accounts of the looks themselves. What is concluded of the fleet is no better than this. */
import { defaultPolicy } from "#events/policy.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { Run } from "#projections/runs/read.js"
import { type EntityRef, entityRef } from "#timeline/entity.js"
import { seenBy } from "#timeline/seen.js"
import { recordsOfTarget } from "#timeline/target.js"
import { inTurns } from "#timeline/turns.js"
import type { Asked, AskedOfPeriod } from "./asked.js"
import { type Cell, type Section, bars, figures, section, tableOf } from "./report.js"

type Completed = Extract<Run, { outcome: "completed" }>

export async function coverage(asked: AskedOfPeriod): Promise<readonly Section[]> {
  const runs = await asked.line.views.runs.latest(asked.point.position)
  const completed = runs.filter((run) => run.outcome === "completed")
  return [
    sources(asked, runs),
    ...(await lastSeen(asked)),
    unreached(asked, completed),
    notLooked(asked, completed),
    incomplete(asked, completed),
    await gaps(asked),
  ]
}

function sources({ most }: Asked, runs: readonly Run[]): Section {
  const worst = runs.toSorted((a, b) => rank(a) - rank(b) || (a.source < b.source ? -1 : 1))
  const columns = ["source", "outcome", "ended", "rights", "machines", "services", "could not", "held", "why"]
  const table = tableOf(columns, worst, most, (run): Readonly<Record<string, Cell>> => {
    const { source, outcome, finishedAt: ended } = run
    if (run.outcome === "failed") return { source, outcome, ended, why: `${run.code}: ${run.message}` }
    const { rights, failed = [], held = 0 } = run.coverage
    return {
      source,
      outcome,
      ended,
      rights,
      machines: run.targets,
      services: run.services,
      "could not": failed.length,
      held,
    }
  })
  return section("Sources, by the account of their last look", { table })
}

function rank(run: Run): number {
  if (run.outcome === "failed") return 0
  return (run.coverage.failed ?? []).length + (run.coverage.held ?? 0) > 0 ? 1 : 2
}

/** Machines by when a look has found them, the longest ago first. */
async function lastSeen({ line: { views }, point, most, signal }: Asked): Promise<readonly Section[]> {
  const { staleMs } = ((await views.policy.at(point.position)) ?? defaultPolicy).health
  const seen = await seenBy(views, point.position)
  const [turn, late]: [() => Promise<void>, { readonly machine: EntityRef; readonly at: Instant | null }[]] = [
    inTurns(),
    [],
  ]
  const nos = await views.entities.numbers({ kind: "target", at: point.position })
  for (const no of nos) {
    signal.throwIfAborted()
    const record = await views.inventory.recordByNo(no)
    if (record === undefined) continue
    const at = await seen.records(await recordsOfTarget(views, record.id, point.position))
    const isLate = at === null || epochMs(point.time) - epochMs(at) > staleMs
    if (isLate) late.push({ machine: await entityRef(views, record, point.position), at })
    await turn()
  }
  const never = late.filter(({ at }) => at === null).length
  const inOrder = late.toSorted((a, b) => compare(a.at ?? "", b.at ?? "") || compare(a.machine.name, b.machine.name))
  return [
    section("Machines by when a look found them last", {
      chart: bars(
        [
          ["in time", nos.length - late.length],
          ["too long ago", late.length - never],
          ["never", never],
        ],
        (label) => (label === "in time" ? "good" : label === "never" ? "critical" : "warning"),
      ),
    }),
    section("Machines that were not seen for too long, longest first", {
      table: tableOf(["machine", "seen"], inOrder, most, ({ machine, at }) => ({ machine, seen: at ?? "never" })),
    }),
  ]
}

function unreached({ most }: Asked, runs: readonly Completed[]): Section {
  const failed = runs.flatMap(({ source, coverage: { failed: all = [] } }) => all.map((one) => ({ source, ...one })))
  const table = tableOf(["source", "machine", "code", "why"], failed, most, ({ source, target, code, message }) => {
    return { source, machine: target, code, why: message || null }
  })
  return section("Machines that could not be looked at", { table })
}

/** Fields and facets that no look with these rights could see, by why. */
function notLooked({ most }: Asked, runs: readonly Completed[]): Section {
  const rows = runs.flatMap(({ source, targets: all, coverage: { notLooked: ofAll, targets = [], others } }) => {
    const named = targets.reduce((sum, group) => sum + group.targets.length, 0)
    const groups = [
      { fields: ofAll, machines: all },
      ...targets.map((group) => ({ fields: group.notLooked, machines: group.targets.length })),
      ...(others === undefined ? [] : [{ fields: others.notLooked, machines: Math.max(0, all - named) }]),
    ]
    return groups.flatMap(({ fields, machines }) =>
      Object.entries(fields).map(([field, why]) => ({ source, field, machines, why })),
    )
  })
  const inOrder = rows.toSorted(
    (a, b) => b.machines - a.machines || compare(a.source, b.source) || compare(a.field, b.field),
  )
  return section("What was not looked at", {
    text: "What nobody looked at is unknown in every other report.",
    table: tableOf(["source", "field", "machines", "why"], inOrder, most, (row) => row),
  })
}

/** Nothing is concluded from what such a look did not find. */
function incomplete({ most }: Asked, runs: readonly Completed[]): Section {
  const rows = runs.flatMap(({ source, coverage: { complete } }) => {
    const kinds = Object.entries(complete).flatMap(([kind, is]) => (is ? [] : [kind]))
    return kinds.length === 0 ? [] : [{ source, "of which not all": kinds.join(", ") }]
  })
  return section("Sources that did not see all there is", {
    table: tableOf(["source", "of which not all"], rows, most, (row) => row),
  })
}

/** When a source could not look at all there is. */
async function gaps({ line: { views }, begin, point, most }: AskedOfPeriod): Promise<Section> {
  const found = await views.history.gaps(point.position, epochMs(begin.time), epochMs(point.time))
  const lasting = found.toSorted((a, b) => a.from - b.from)
  const hours =
    lasting.reduce((sum, { from, to = epochMs(point.time) }) => sum + (to - Math.max(from, epochMs(begin.time))), 0) /
    3_600_000
  return section("Times within the period in which a source could not look at all there is", {
    figures: figures({ times: found.length, "hours, over all sources": Math.round(hours * 10) / 10 }),
    table: tableOf(["from", "to"], lasting, most, ({ from, to }) => {
      return { from: instant(from), to: to === undefined ? "still" : instant(to) }
    }),
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
