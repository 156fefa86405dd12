/** What is not as it was agreed to be: entities that come to drift from a baseline, and changes that nobody said would come. */
import { type EventType, type RecordedEvent, changeTypes } from "#events/catalog.js"
import type { AlertAbout } from "#events/alert.js"
import { driftOf } from "#drift/drift.js"
import { isUnexpected } from "#drift/expected.js"
import type { DriftRow } from "#drift/row.js"
import { type Position, position } from "#kernel/point.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { aboutRecord } from "../machines.js"
import { type Judging, type Rule, type Verdict, titled } from "../rule.js"

/** So many entities that drift from what was just declared are told in one. */
const storm = 20
/** How something is doing is nothing that is agreed upon. */
const ofState: ReadonlySet<EventType> = new Set([
  "ServiceStateChanged",
  "ServiceFlappingStarted",
  "ServiceFlappingEnded",
  "TargetResourceStatusChanged",
])
const ofEntities = changeTypes.filter((type) => !ofState.has(type))

export const driftFound: Rule = {
  name: "drift-found",
  types: [...ofEntities, "BaselineDeclared", "BaselineWithdrawn"],
  async judge(event, judging) {
    if (event.type === "BaselineWithdrawn") {
      const open = (await judging.open()).filter(({ about }) => about.part === event.data.name)
      return open.map(({ about }) => ({ is: "gone", about }))
    }
    if (event.type === "BaselineDeclared") return declared(event.data.name, event.position, judging)
    return changed(event, judging)
  },
}

/** Of everything that is meant. */
async function declared(name: string, at: Position, { views, open }: Judging): Promise<readonly Verdict[]> {
  const rows = driftsOf((await driftOf(views, { position: at }, { baseline: name })).rows)
  const entities = new Map(rows.map(({ entity }) => [entity.id, entity]))
  const verdicts: Verdict[] = []
  const isStorm = entities.size > storm
  for (const { about } of await open()) {
    const isStill = about.kind === "fleet" ? isStorm : entities.has(about.id as never)
    if (about.part === name && !isStill) verdicts.push({ is: "right", about })
  }
  if (isStorm) {
    const title = `${entities.size} entities are not as "${name}" says`
    const about = { kind: "fleet", name: "everything", part: name } as const
    return [...verdicts, { is: "wrong", about, severity: graveOf(rows), title, count: entities.size }]
  }
  for (const entity of entities.values()) {
    const of = rows.filter((row) => row.entity.id === entity.id)
    verdicts.push(wrong({ ...entity, part: name }, of))
  }
  return verdicts
}

/** Of what has changed, and only what drifts since then. */
async function changed(event: RecordedEvent, { views, open }: Judging): Promise<readonly Verdict[]> {
  const record = await recordChanged(views, event)
  if (record === undefined) return []
  const known = (await open()).filter(({ about }) => about.id === record.id)
  if (known.length === 0 && (await views.baselines.at(event.position)).length === 0) return []
  const rows = driftsOf((await driftOf(views, event, { about: record })).rows)
  const before = position(event.position - 1)
  const verdicts: Verdict[] = known
    .filter(({ about }) => !rows.some(({ baseline }) => baseline === about.part))
    .map(({ about }) => ({ is: "right", about }))
  const names = [...new Set(rows.map(({ baseline }) => baseline))]
  for (const name of names) {
    const of = rows.filter(({ baseline }) => baseline === name)
    const asked = { about: record, baseline: name }
    const was = record.discovered > before ? [] : driftsOf((await driftOf(views, { position: before }, asked)).rows)
    const about = { ...(await aboutRecord(views, record, event.position)), part: name }
    if (was.length === 0) verdicts.push(wrong(about, of))
  }
  return verdicts
}

async function recordChanged(views: ViewsReader, event: RecordedEvent): Promise<RecordRow | undefined> {
  const id =
    event.type === "RecordsLinked" || event.type === "RecordsUnlinked" ? event.data.target : recordOf(event.stream).id
  const record = await views.inventory.record(id)
  return record && targetOf(views, record, event.position)
}

function driftsOf(rows: readonly DriftRow[]): readonly DriftRow[] {
  return rows.filter(({ verdict }) => verdict === "drift")
}

function wrong(about: AlertAbout, rows: readonly DriftRow[]): Verdict {
  const fields = rows.map(({ rule, field }) => rule ?? field)
  const some = [...new Set(fields)].slice(0, 3).join(", ")
  const more = new Set(fields).size > 3 ? ` and ${new Set(fields).size - 3} more` : ""
  const title = titled(`${about.name} is not as "${about.part}" says: ${some}${more}`)
  return { is: "wrong", about, severity: graveOf(rows), title }
}

function graveOf(rows: readonly DriftRow[]): "warning" | "critical" {
  return rows.some(({ severity }) => severity === "critical") ? "critical" : "warning"
}

export const unexpectedChange: Rule = {
  name: "unexpected-change",
  // A host key that is another one is told by its own rule.
  types: ofEntities.filter((type) => type !== "HostKeyChanged"),
  async judge(event, { views }) {
    if (!(await isUnexpected(views, event))) return []
    const record = await recordChanged(views, event)
    if (record === undefined) return []
    const about = await aboutRecord(views, record, event.position)
    const title = titled(
      `${about.name} has changed and nobody said it would: ${event.type} at position ${event.position}`,
    )
    return [{ is: "wrong", about, severity: "warning", title }]
  },
}
