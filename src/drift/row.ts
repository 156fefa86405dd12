/** What drift is told as: an entity and a field of it that are not as they are meant to be, or of which that cannot be said. */
import type { AlertSeverity } from "#events/alert.js"
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { EntityRef } from "#timeline/entity.js"

/** `unknown`: nobody has looked at what it would take to say. */
export const verdicts = ["drift", "unknown"] as const
export type Verdict = (typeof verdicts)[number]

export interface DriftRow {
  /** The baseline's name. */
  readonly baseline: string
  /** The rule's, where the baseline consists of rules. */
  readonly rule: string | null
  readonly severity: AlertSeverity
  readonly verdict: Verdict
  readonly entity: EntityRef
  /** Pointer into its document; empty for the whole of it. */
  readonly field: string
  /** Of a pinned point, what there was; of a rule, what it expects, in CEL. Null for what was not there. */
  readonly expected: Json
  /** What is there. Null for what is not, and for an entity as a whole. */
  readonly actual: Json
  /** For a person: what is expected, or why it cannot be said whether it is so. */
  readonly text: string | null
  /** Position of the event by which it is as it is; undefined where no event is known to have made it so. */
  readonly since: () => Promise<Position | undefined>
}
