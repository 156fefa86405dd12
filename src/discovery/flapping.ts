/**
 * When a service's state keeps changing, and when it has settled. One that flaps would write an event at every look; that it does is told once, and once that
 * it is over. In between its changes are counted. A complete look that does not find it saw it stopped.
 */
import type { ServiceStatus } from "#events/facets/service.js"
import type { Policy } from "#events/policy.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import type { Changes } from "#ops/state-changes.js"

/** What a look saw of a service's state. */
export interface StateSeen {
  readonly status: ServiceStatus
  /** How often it was restarted since the look before. */
  readonly restarts: number
  readonly at: Instant
}

/** What turns with a look: it begins to flap, or has settled. */
export type Turn =
  | { readonly is: "started"; readonly changes: number; readonly withinMs: number }
  | { readonly is: "ended"; readonly count: number }

export interface Counted {
  /** Undefined when there is nothing to keep. */
  readonly changes: Changes | undefined
  readonly turn?: Turn
}

/** Of a service that does not flap. @param known its status before the look @param before the changes up to this look */
export function countChange(
  known: ServiceStatus,
  seen: StateSeen,
  before: Changes | undefined,
  { changes: most, withinMs }: Policy["flapping"],
): Counted {
  const count = changesIn(known, seen)
  if (count === 0) return { changes: before }
  const recent = (before?.times ?? []).filter((time) => elapsed(time, seen.at) < withinMs)
  const times = [...recent, ...Array.from({ length: Math.min(count, most) }, () => seen.at)]
  const began = times[0] ?? seen.at
  if (times.length < most) return { changes: { state: seen.status, times, untold: 0 } }
  return {
    changes: { state: seen.status, times: [seen.at], untold: 0 },
    turn: { is: "started", changes: times.length, withinMs: Math.max(elapsed(began, seen.at), 0) },
  }
}

/** Of a service that flaps. @param before the changes up to this look; where they were lost it begins to settle now */
export function countWhileFlapping(
  seen: StateSeen,
  before: Changes | undefined,
  { settledMs }: Policy["flapping"],
): Counted {
  const changes = before ?? { state: seen.status, times: [seen.at], untold: 0 }
  const { state, times, untold } = changes
  const count = changesIn(state, seen)
  if (count > 0) return { changes: { state: seen.status, times: [seen.at], untold: untold + count } }
  const isSettled = elapsed(times.at(-1) ?? seen.at, seen.at) >= settledMs
  if (isSettled) return { changes: undefined, turn: { is: "ended", count: untold } }
  return { changes }
}

/** A restart between two looks may show as another state, too: that is one change. */
function changesIn(before: string, { status, restarts }: StateSeen): number {
  return Math.max(before === status ? 0 : 1, restarts)
}

function elapsed(from: Instant, to: Instant): number {
  return epochMs(to) - epochMs(from)
}
