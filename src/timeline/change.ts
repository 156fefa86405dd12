/** A change as every door tells it: what, where, before and after, who wrote it down and from which source. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Severity, severityOf } from "#events/severity.js"
import { bug } from "#kernel/errors.js"
import { type FieldChange, changesOf } from "#kernel/patch.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { isDiscovery } from "#projections/inventory/project.js"
import { patchOf, subjectOf } from "#projections/inventory/patch-of.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import { type EntityRef, entityRef, targetOf } from "./entity.js"

export interface Change {
  readonly position: Position
  /** Its id. */
  readonly event: string
  readonly recordedAt: Instant
  readonly observedAt: Instant
  readonly occurredAt?: Instant
  readonly type: string
  readonly severity: Severity
  readonly entity: EntityRef
  readonly actor: string
  /** Who did it, where the source knows; the actor only wrote it down. */
  readonly by: string | null
  readonly reason: string | null
  readonly source: string | null
  readonly runId: string | null
  /** Empty for an entity's discovery, where everything is new. */
  readonly changes: readonly FieldChange[]
}

/** @param event one that alters a record; the views must have reached it */
export async function changeOf(views: ViewsReader, event: RecordedEvent): Promise<Change> {
  const record = await views.inventory.record(recordOf(subjectOf(event)).id)
  if (record === undefined) throw bug(`the views know no record for ${event.stream}`)
  return {
    position: event.position,
    event: event.id,
    recordedAt: event.recordedAt,
    observedAt: event.observedAt,
    ...(event.occurredAt === undefined ? {} : { occurredAt: event.occurredAt }),
    type: event.type,
    severity: severityOf(event),
    entity: await entityRef(views, await targetOf(views, record, event.position), event.position),
    actor: event.metadata.actor,
    by: event.metadata.by ?? null,
    reason: event.metadata.reason ?? null,
    source: event.metadata.source ?? null,
    runId: event.metadata.runId ?? null,
    changes: isDiscovery(event) ? [] : changesOf(patchOf(event)),
  }
}
