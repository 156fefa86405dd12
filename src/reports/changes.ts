/** What became of the fleet in a period: what differs between its ends, what that means for its health, and the changes that ask for attention. */
import { expectationOf } from "#drift/expected.js"
import { type Severity, severities } from "#events/severity.js"
import { epochMs } from "#kernel/clock.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import { changeOf } from "#timeline/change.js"
import { type Item, difference } from "#timeline/diff/diff.js"
import { healthTotals } from "#timeline/health.js"
import { type Impact, type Turn, impactOf } from "#timeline/impact.js"
import type { Asked, AskedOfPeriod } from "./asked.js"
import { changesIn } from "./cell.js"
import { machineOf } from "./found.js"
import { changesOver } from "./over-time.js"
import { type Cell, type Section, figures, section } from "./report.js"
import { scoresOver } from "./trend.js"

type Change = Item["change"]
const kindsOfChange: readonly Change[] = ["removed", "created", "modified"]

export async function changes(asked: AskedOfPeriod): Promise<readonly Section[]> {
  const { line, begin, point } = asked
  const { counts, first, seen } = await differing(asked)
  const [before, after] = [
    await line.views.entities.scores(begin.position),
    await line.views.entities.scores(point.position),
  ]
  const ends = { from: { ...begin, health: before }, to: { ...point, health: after } }
  const impact = await impactOf(line.views, ends, seen)
  const sections = [
    section("What differs between its ends", {
      table: {
        columns: ["kind", ...kindsOfChange],
        rows: kinds.map((kind) => ({
          kind,
          ...Object.fromEntries(kindsOfChange.map((change) => [change, counts[change][kind]])),
        })),
        total: kinds.length,
      },
    }),
    await changesOver(asked),
    section("Average score, as lists tell it", {
      figures: figures({ before: healthTotals(before).average, after: healthTotals(after).average }),
    }),
    await scoresOver(asked),
    await lost(asked, impact),
    await turned(asked, "Who does worse", impact.issues),
    await turned(asked, "Who does better", impact.improvements),
    await gravest(asked),
  ]
  for (const change of kindsOfChange) {
    const items = first.get(change) ?? []
    const total = kinds.reduce((sum, kind) => sum + counts[change][kind], 0)
    sections.push(await listed(asked, change, items, total))
  }
  return sections
}

/** Goes through the difference once: counts it, keeps the first of each, and of what is no machine what its weight is found by. */
async function differing({ line, begin, point, most, signal }: AskedOfPeriod) {
  const found = await difference(line.views, line.ledger, { from: begin.position, to: point.position })
  const none = () => Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>
  const counts = { removed: none(), created: none(), modified: none() }
  const [first, seen]: [Map<Change, Item[]>, Item[]] = [new Map(), []]
  for await (const item of found.items() ?? []) {
    signal.throwIfAborted()
    const { entity, change, changes: changed } = item
    counts[change][entity.kind] += 1
    const known = first.get(change) ?? []
    if (known.length < most) first.set(change, [...known, item])
    if (entity.kind === "target" || change === "created") continue
    const status = changed.filter(({ path }) => path === "/state/status")
    if (change === "removed" || status.length > 0) seen.push({ entity, change, changes: status, patch: [] })
  }
  return { counts, first, seen }
}

const titles: Readonly<Record<Change, string>> = { removed: "Removed", created: "New", modified: "Modified" }

async function listed(asked: Asked, change: Change, items: readonly Item[], total: number): Promise<Section> {
  const rows = []
  for (const { entity, changes: changed } of items) {
    const row = { kind: entity.kind, name: entity, machine: await machineOf(asked, entity.id) }
    rows.push(change === "modified" ? { ...row, what: changesIn(changed) } : row)
  }
  const columns = ["kind", "name", "machine", ...(change === "modified" ? ["what"] : [])]
  return section(titles[change], { table: { columns, rows, total } })
}

async function lost(asked: Asked, { critical }: Impact): Promise<Section> {
  const rows = []
  for (const { loss, entity, role, dependants, weight } of critical.slice(0, asked.most))
    rows.push({ loss, of: entity, machine: await machineOf(asked, entity.id), role, dependants, weight })
  const columns = ["loss", "of", "machine", "role", "dependants", "weight"]
  const text = "By what happened, what its machine is for, and what depended on it."
  return section("What was lost, heaviest first", { text, table: { columns, rows, total: critical.length } })
}

async function turned(asked: Asked, title: string, turns: readonly Turn[]): Promise<Section> {
  const rows = []
  for (const { entity, before, after, reasons } of turns.slice(0, asked.most)) {
    const machine = await machineOf(asked, entity.id)
    rows.push({ of: entity, machine, before: doing(before), after: doing(after), why: reasons.join("; ") || null })
  }
  const columns = ["of", "machine", "before", "after", "why"]
  return section(title, { table: { columns, rows, total: turns.length } })
}

function doing({ status, score }: Turn["before"]): string {
  return score === null ? status : `${status} (${score})`
}

/** Changes that ask for attention, with who made them and whether somebody had said so. */
async function gravest(asked: AskedOfPeriod): Promise<Section> {
  const { line, begin, point, most } = asked
  const rows: Readonly<Record<string, Cell>>[] = []
  let total = 0
  for (const severity of ["critical", "warning"] as const) {
    total += await countOf(asked, severity)
    const page = { at: point.position, newestFirst: true, filter: { severities: [severity] } }
    const since = { position: begin.position, time: epochMs(begin.time) }
    const { positions } = await line.views.history.page({ ...page, since, limit: Math.max(1, most - rows.length) })
    for (const event of rows.length < most ? await line.ledger.readAt(positions) : []) {
      const {
        entity,
        type,
        recordedAt,
        actor,
        by,
        reason,
        changes: changed,
        position,
      } = await changeOf(line.views, event)
      const expectation = (await expectationOf(line.views, event))?.is ?? null
      rows.push({
        severity,
        time: recordedAt,
        of: entity,
        machine: await machineOf(asked, entity.id),
        type,
        what: changesIn(changed),
        by: by ?? actor,
        reason,
        expectation,
        position,
      })
    }
  }
  const columns = ["severity", "time", "of", "machine", "type", "what", "by", "reason", "expectation", "position"]
  return section("Changes that ask for attention, newest first", {
    table: { columns, rows, total: Math.max(total, rows.length) },
  })
}

async function countOf({ line, begin, point }: AskedOfPeriod, severity: Severity): Promise<number> {
  const [counts] = await line.views.history.density({
    at: point.position,
    time: epochMs(point.time),
    times: [epochMs(begin.time), epochMs(point.time)],
  })
  return counts?.[severities.indexOf(severity) as 0] ?? 0
}
