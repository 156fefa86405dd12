/** All of one kind, judged at a point. */
import { bug } from "#kernel/errors.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Health, ofUnknown } from "#projections/health/score.js"
import type { Kind, RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { blame } from "./blame.js"
import { type EntityRef, entityRef } from "./entity.js"
import type { Judge } from "./health.js"
import { recordsOfTarget } from "./target.js"
import { inTurns, sortedInTurns } from "./turns.js"

export interface JudgedEntity {
  readonly id: RecordId
  readonly record: RecordRow
  readonly entity: EntityRef
  readonly health: Health
}

/** @returns worst first; what is retired is not in it */
export async function judgedOfKind(
  views: ViewsReader,
  judge: Judge,
  kind: Kind,
  at: Position,
): Promise<readonly JudgedEntity[]> {
  const [turn, judged]: [() => Promise<void>, JudgedEntity[]] = [inTurns(), []]
  for (const no of await views.entities.numbers({ kind, at })) {
    const record = await views.inventory.recordByNo(no)
    if (record === undefined) throw bug(`the views do not know the record ${no}`)
    judged.push(await judgedOf(views, judge, record, at))
    await turn()
  }
  return sortedInTurns(judged, worstFirst)
}

export async function judgedOf(
  views: ViewsReader,
  judge: Judge,
  record: RecordRow,
  at: Position,
): Promise<JudgedEntity> {
  return { id: record.id, record, entity: await entityRef(views, record, at), health: await judge.judge(record) }
}

function worstFirst(a: JudgedEntity, b: JudgedEntity): number {
  return (
    (a.health.score ?? ofUnknown) - (b.health.score ?? ofUnknown) ||
    (a.entity.name < b.entity.name ? -1 : a.entity.name > b.entity.name ? 1 : 0)
  )
}

/** The reasons, with the events that they rest on. */
export async function reasonsOf(views: ViewsReader, { record, health }: JudgedEntity, at: Position) {
  const records = record.kind === "target" ? await recordsOfTarget(views, record.id, at) : [record]
  const known = []
  for (const { path, ...reason } of health.reasons) {
    const written = path === null ? [] : await blame(views, records, at, path)
    const position = written.length === 0 ? null : Math.max(...written.map((field) => field.position))
    known.push({ ...reason, path, position })
  }
  return known
}
