/** What is known when an event is judged: what the events before it have brought about, whenever that was written down. */
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Deadlines } from "#ops/deadlines.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import type { ViewsReader } from "#projections/views.js"

export interface Memory {
  /** The alert of a rule and subject that is open. */
  open(rule: string, subject: string): Promise<OpenAlert | undefined>
  /** The alerts of a rule that are open, the oldest first. */
  openOf(rule: string): Promise<readonly OpenAlert[]>
  /** All that are open about an entity, of whatever rule, the oldest first: what is asked for at every event, by several rules. */
  openAbout(id: string): Promise<readonly OpenAlert[]>
  /** How often one was raised because of events behind a position. */
  timesRaised(rule: string, subject: string, after: Position): Promise<number>
  /** What was said when a deadline was set that has not been taken back. */
  pending(key: string): Promise<Json | undefined>
}

export interface Remembering {
  readonly views: Pick<ViewsReader, "alerts">
  readonly ops: { readonly deadlines: Pick<Deadlines, "find"> }
}

/** As the ledger has it. The views must show all that was appended because of events before `position`. */
export function memoryAt({ views, ops }: Remembering, position: Position): Memory {
  return {
    open: (rule, subject) => views.alerts.open(rule, subject, position),
    openOf: (rule) => views.alerts.openOf(rule, position),
    openAbout: (id) => views.alerts.openAbout(id, position),
    timesRaised: (rule, subject, after) => views.alerts.timesRaised(rule, subject, after, position),
    pending: async (key) => (await ops.deadlines.find(key))?.what,
  }
}
