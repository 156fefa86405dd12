/**
 * What is known of an entity's difference before its documents are compared: enough to count, select, group and sort. There may be a hundred thousand of them, so they
 * are small; `item.ts` makes of one what is told.
 */
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { UnitDifference } from "#projections/inventory/between.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { EntityRef } from "../entity.js"

/** The points that are compared, in either order of time. */
export interface Points {
  readonly from: Position
  readonly to: Position
}

export type ChangeKind = "created" | "modified" | "removed"

/** A record that is of another machine than before. */
export interface MovedRecord {
  readonly id: string
  readonly source: string
  readonly nativeKey: string
  /** To, or from, the machine that this is told of. */
  readonly change: "linked" | "unlinked"
  /** What it was of before, or is of now; null for one that was not there before. */
  readonly target: EntityRef | null
}

export interface Entry {
  readonly entity: EntityRef
  readonly change: ChangeKind
  /** What it is compared with, where that is another entity. */
  readonly was?: EntityRef
  /** The records that tell of it at either point, by precedence; none where it is not there. */
  readonly before: readonly RecordRow[]
  readonly after: readonly RecordRow[]
  readonly moved?: readonly MovedRecord[]
  /** The units that differ, where they are remembered; of several records those that are seen. */
  readonly units?: readonly UnitDifference[]
  /** Of several records: the only facets that may differ besides. Without them any may. */
  readonly facets?: readonly string[]
  /** The path of the only field that is asked about. */
  readonly field?: string
}

/** Whether what has this lifecycle (none: not discovered yet) is there. */
export function isThere(lifecycle: Json | undefined): boolean {
  return lifecycle !== undefined && lifecycle !== null && lifecycle !== "retired"
}
