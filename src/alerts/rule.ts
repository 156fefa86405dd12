/** What a rule is: it judges one event at its own position, by what the views show there, and says what is wrong and what is right again. */
import type { AlertAbout, AlertSeverity } from "#events/alert.js"
import type { EventType, RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import type { Line } from "#timeline/resolve.js"

export interface Trouble {
  readonly about: AlertAbout
  readonly severity: AlertSeverity
  /** One sentence for a person. */
  readonly title: string
  /** How many things it stands for, where many came to it at once. */
  readonly count?: number
}

export type Verdict =
  | ({ readonly is: "wrong" } & Trouble)
  | { readonly is: "right"; readonly about: AlertAbout }
  /** What it is about is no more. */
  | { readonly is: "gone"; readonly about: AlertAbout }
  /** It is to be judged again then, in the place of what was said under the name: as `DeadlinePassed`, for which `Judging.named` says that. */
  | { readonly is: "later"; readonly name: string; readonly dueAt: Instant }
  | { readonly is: "never"; readonly name: string }

export interface Judging extends Line {
  /** The rule's alerts that are open, as the events before this one have left them; all, or those about the entity with an id. */
  readonly open: (about?: string) => Promise<readonly OpenAlert[]>
  /** Of a deadline of its own that passed. */
  readonly named: string | undefined
}

export interface Rule {
  readonly name: string
  readonly types: readonly EventType[]
  /** Milliseconds for which something has to be wrong without a break. */
  readonly forMs?: number
  /** False of an event of these types that it has nothing to say of, whatever the views show. */
  concerns?(event: RecordedEvent): boolean
  judge(event: RecordedEvent, judging: Judging): Promise<readonly Verdict[]>
}

/** Of texts from the fleet, what fits into a title. */
export function titled(text: string): string {
  return text.slice(0, 1_000).toWellFormed()
}
