/**
 * Who did it and why, where a source's own log says so: a log of tasks, of transactions. What was decided is told as having been done by somebody only where
 * an entry of the log accounts for it; what none accounts for is told as before, by itself.
 */
import type { EventOf, FleetEvent } from "#events/catalog.js"
import { type FieldChange, type Patch, type PatchOperation, changesOf } from "#kernel/patch.js"
import { patchOf } from "#projections/inventory/patch-of.js"
import type { Cause } from "./observation.js"

/** A decided event, with what accounts for it. */
export interface Explained {
  readonly event: FleetEvent
  readonly cause?: Cause
}

/**
 * The same events; one that changes several fields is taken apart, so that nobody is said to have done what somebody else did.
 * @param causes what is known to have been done to the record that the events are of
 */
export function explained(events: readonly FleetEvent[], causes: readonly Cause[]): Explained[] {
  if (causes.length === 0) return events.map((event) => ({ event }))
  const latestFirst = causes.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1))
  return events.flatMap((event) =>
    event.type === "TargetChanged" || event.type === "ServiceChanged" || event.type === "StackChanged"
      ? partsOf(event, latestFirst)
      : [withCause(event, commonCause(fieldsOf(event), latestFirst))],
  )
}

function withCause(event: FleetEvent, cause: Cause | undefined): Explained {
  return cause === undefined ? { event } : { event, cause }
}

/** The last entry that has anything to say about the field decides: what went before it is no reason for how the field is now. */
function causeOf(change: FieldChange, latestFirst: readonly Cause[]): Cause | undefined {
  for (const cause of latestFirst) {
    const did = cause.did(change)
    if (did !== undefined) return did ? cause : undefined
  }
  return undefined
}

function commonCause(changes: readonly FieldChange[], latestFirst: readonly Cause[]): Cause | undefined {
  const [first, ...others] = changes.map((change) => causeOf(change, latestFirst))
  return others.every((cause) => cause === first) ? first : undefined
}

/** Of a discovery everything is new; what a log can say of it is that the thing began. */
function fieldsOf(event: FleetEvent): readonly FieldChange[] {
  const begins =
    event.type === "TargetDiscovered" || event.type === "ServiceDiscovered" || event.type === "StackDiscovered"
  return begins ? [{ path: "/lifecycle", before: null, after: "observed" }] : changesOf(patchOf(event))
}

type Patched = EventOf<"TargetChanged" | "ServiceChanged" | "StackChanged">

/** By who did it, in the order in which they did; what nobody is known to have done comes last. */
function partsOf(event: Patched, latestFirst: readonly Cause[]): Explained[] {
  const parts = new Map<Cause | undefined, PatchOperation[]>()
  for (const change of steps(event.data.patch)) {
    const [field] = changesOf(change)
    const cause = field === undefined ? undefined : causeOf(field, latestFirst)
    const part = parts.get(cause)
    if (part === undefined) parts.set(cause, [...change])
    else part.push(...change)
  }
  const inTime = [...latestFirst.toReversed(), undefined]
  return inTime.flatMap((cause) => {
    const patch = parts.get(cause)
    return patch === undefined ? [] : [withCause({ ...event, data: { ...event.data, patch } }, cause)]
  })
}

/** Each operation with the tests before it. Within one patch no path is beneath another's, so they stand alone. */
function steps(patch: Patch): PatchOperation[][] {
  const all: PatchOperation[][] = []
  let step: PatchOperation[] = []
  for (const operation of patch) {
    step.push(operation)
    if (operation.op === "test") continue
    all.push(step)
    step = []
  }
  return all
}
