/** A message as every channel is told it, whatever form that takes there. Texts in it come from the fleet: each form escapes them as it must. */
import type { EventOf } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"

export type State = "raised" | "escalated" | "acknowledged" | "silenced" | "resolved" | "reminder" | "test"
export type Severity = "warning" | "critical"

export type AlertEvent = EventOf<
  "AlertRaised" | "AlertEscalated" | "AlertAcknowledged" | "AlertSilenced" | "AlertResolved"
>

export interface TellableAlert {
  readonly id: string
  /** By channel and event: what a receiver knows it by if it comes twice. */
  readonly delivery: string
  readonly rule: string
  readonly severity: Severity
  /** The severity that it was raised with, whatever became of it. */
  readonly raisedAs: Severity
  readonly title: string
  readonly about: EventOf<"AlertRaised">["data"]["about"]
  /** How many things it stands for. */
  readonly count: number
  readonly position: Position
  readonly raisedAt: Instant
  /** When what is told of it was recorded. */
  readonly at: Instant
  /** Who did it, and what they said, where it was somebody's word. */
  readonly by?: string | undefined
  readonly reason?: string | undefined
}

export interface Message {
  /** The same however often it is sent, and of no other message: it says exactly what is told in it. */
  readonly id: string
  readonly state: State
  readonly rule: string
  readonly severity: Severity
  /** How many alerts it tells of. */
  readonly count: number
  /** The first of them. */
  readonly alerts: readonly [TellableAlert, ...TellableAlert[]]
  /** Where people reach this program. */
  readonly home: string
}

const longestName = 60
const namesShown = 10

/** One line that says it all: the alert's own sentence, or how many of which. */
export function headline({ state, count, alerts, rule }: Message): string {
  const [only] = alerts
  if (count === 1) return state === "raised" ? only.title : `${capital(state)}: ${only.title}`
  const names = [...new Set(alerts.map(nameOf))].slice(0, namesShown)
  const more = count - names.length
  const listed = more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ")
  return `${capital(state)}: ${count} alerts of ${rule}: ${listed}`
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function nameOf({ about }: TellableAlert): string {
  return cut(about.name ?? about.id ?? about.kind, longestName)
}

/** No longer than so many characters, and never half of one. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, "")}…`
}

/** Where the page shows what an alert is about. */
export function linkOf({ about, position }: TellableAlert, home: string): string {
  return about.id === undefined ? home : `${home}/entities/${encodeURIComponent(about.id)}?at=position:${position}`
}
