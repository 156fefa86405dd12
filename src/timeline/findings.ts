/** Security findings at a point: of all the fleet, or of one entity. They are worked out from the views and write nothing. */
import { defaultPolicy } from "#events/policy.js"
import { severities } from "#events/severity.js"
import type { Point } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { type Finding, findingFacets, findingsOfService, findingsOfTarget } from "#projections/security/findings.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef } from "./entity.js"
import { documentOfTarget, recordsOfTarget } from "./target.js"
import { inTurns, sortedInTurns } from "./turns.js"

export interface FoundAt extends Finding {
  readonly entity: EntityRef
  /** Of the entity, by precedence. */
  readonly records: readonly RecordRow[]
}

/** @returns the severest first, then by rule and name */
export async function findingsAt(views: ViewsReader, { position, time }: Point): Promise<readonly FoundAt[]> {
  const { certificateMs } = ((await views.policy.at(position)) ?? defaultPolicy).health
  const found: FoundAt[] = []
  const find = async (record: RecordRow): Promise<void> => {
    const records = record.kind === "target" ? await recordsOfTarget(views, record.id, position) : [record]
    const facets = record.kind === "target" ? findingFacets : ["container"]
    const document = await documentOfTarget(views, records, position, facets)
    const findings =
      record.kind === "target" ? findingsOfTarget(document, time, certificateMs) : findingsOfService(document)
    if (findings.length === 0) return
    const entity = await entityRef(views, record, position)
    for (const finding of findings) found.push({ ...finding, entity, records })
  }
  const turn = inTurns()
  for (const kind of ["target", "service"] as const) {
    for (const no of await views.entities.numbers({ kind, at: position })) {
      const record = await views.inventory.recordByNo(no)
      if (record !== undefined) await find(record)
      await turn()
    }
  }
  return sortedInTurns(found, severestFirst)
}

function severestFirst(a: FoundAt, b: FoundAt): number {
  return (
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compare(a.rule, b.rule) ||
    compare(a.entity.name, b.entity.name) ||
    compare(a.entity.id, b.entity.id) ||
    compare(a.path, b.path)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
