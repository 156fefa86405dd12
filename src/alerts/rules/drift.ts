/** What is not as it was agreed to be: entities that come to drift from a baseline, and changes that nobody said would come. */
import { type EventType, type RecordedEvent, changeTypes } from "#events/catalog.js"
import type { AlertAbout } from "#events/alert.js"
import { driftOf } from "#drift/drift.js"
import { isUnexpected } from "#drift/expected.js"
import { stillSurprises } from "#drift/surprises.js"
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
/** How something is doing: a rule may expect that, but nobody says such a change beforehand. */
const ofState: ReadonlySet<EventType> = new Set([
  "ServiceStateChanged",
  "ServiceFlappingStarted",
  "ServiceFlappingEnded",
  "TargetResourceStatusChanged",
])
/** A host key that is another one is told by its own rule. */
const ofEntities = changeTypes.filter((type) => type !== "HostKeyChanged")

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
  // What drifts from one that was withdrawn is over by that.
  if ((await views.baselines.at(event.position)).length === 0) return []
  const record = await recordChanged(views, event)
  if (record === undefined) return []
  const known = await open(record.id)
  const rows = await rowsOf(views, record, event)
  const right: readonly Verdict[] = known
    .filter(({ about }) => !rows.some(({ baseline }) => baseline === about.part))
    .map(({ about }) => ({ is: "right", about }))
  return [...right, ...(await newlyDrifting(views, record, rows, event))]
}

/** Of an entity at a position. */
async function rowsOf(
  views: ViewsReader,
  record: RecordRow,
  { position: at }: Pick<RecordedEvent, "position">,
): Promise<readonly DriftRow[]> {
  return driftsOf((await driftOf(views, { position: at }, { about: record })).rows)
}

/** By which of the baselines that it drifts from it did not before the event. */
async function newlyDrifting(
  views: ViewsReader,
  record: RecordRow,
  rows: readonly DriftRow[],
  event: RecordedEvent,
): Promise<readonly Verdict[]> {
  const before = position(event.position - 1)
  const verdicts: Verdict[] = []
  for (const name of new Set(rows.map(({ baseline }) => baseline))) {
    const asked = { about: record, baseline: name }
    const was = record.discovered > before ? [] : driftsOf((await driftOf(views, { position: before }, asked)).rows)
    if (was.length > 0) continue
    const about = { ...(await aboutRecord(views, record, event.position)), part: name }
    verdicts.push(
      wrong(
        about,
        rows.filter(({ baseline }) => baseline === name),
      ),
    )
  }
  return verdicts
}

async function recordChanged(views: ViewsReader, event: RecordedEvent): Promise<RecordRow | undefined> {
  const record = await views.inventory.record(idIn(event))
  return record && targetOf(views, record, event.position)
}

/** Its id alone. */
async function entityChanged({ inventory }: ViewsReader, event: RecordedEvent): Promise<string> {
  const id = idIn(event)
  return (await inventory.linkOf(id, event.position))?.id ?? id
}

function idIn(event: RecordedEvent): string {
  return event.type === "RecordsLinked" || event.type === "RecordsUnlinked"
    ? event.data.target
    : recordOf(event.stream).id
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

/** @param isDriftTold whether what comes to drift is told as that: then it is not told as a surprise besides */
export function unexpectedChange(isDriftTold: boolean): Rule {
  return {
    name: "unexpected-change",
    types: [
      ...ofEntities.filter((type) => !ofState.has(type)),
      "BaselineDeclared",
      "BaselineWithdrawn",
      "ChangeExpected",
    ],
    async judge(event, judging) {
      const { views, ledger } = judging
      const record =
        isOfEntity(event) && (await isUnexpected(views, event)) ? await recordChanged(views, event) : undefined
      if (record !== undefined) {
        const isDrift =
          isDriftTold && (await newlyDrifting(views, record, await rowsOf(views, record, event), event)).length > 0
        return isDrift ? [] : [surprise(await aboutRecord(views, record, event.position), event)]
      }
      // What is said of all may end any of them.
      const concerned = await judging.open(isOfEntity(event) ? await entityChanged(views, event) : undefined)
      const verdicts: Verdict[] = []
      for (const { about, cause } of concerned)
        if (!(await stillSurprises(views, ledger, cause, event.position))) verdicts.push({ is: "right", about })
      return verdicts
    },
  }
}

function isOfEntity({ type }: RecordedEvent): boolean {
  return changeTypes.includes(type)
}

function surprise(about: AlertAbout, { type, position: at }: RecordedEvent): Verdict {
  const title = titled(`${about.name} has changed and nobody said it would: ${type} at position ${at}`)
  return { is: "wrong", about, severity: "warning", title }
}
