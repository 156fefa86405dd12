/** Counts what a look saw of a service's state, and decides whether it begins to flap or has settled. */
import type { FleetEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { StateChanges } from "#ops/state-changes.js"
import { decideTurn, statusOf } from "./decide.js"
import { type StateSeen, countChange, countWhileFlapping } from "./flapping.js"
import type { Observation } from "./observation.js"

/** The gauge by which engines count restarts. */
export const restartsMetric = "/container/restarts"

/** @param known the document before the look @param restarts since the look before */
export async function turnsSeen(
  known: JsonObject,
  id: RecordId,
  { kind, facets }: Observation,
  restarts: number,
  at: Instant,
  stateChanges: StateChanges,
  policy: Policy,
): Promise<FleetEvent[]> {
  const status = statusOf({ state: facets["state"] ?? null })
  if (kind !== "service" || status === undefined) return []
  return turns(known, id, { status, restarts, at }, stateChanges, policy)
}

/** Of a service that a complete look did not find. */
export function turnsMissed(
  known: JsonObject,
  id: RecordId,
  at: Instant,
  stateChanges: StateChanges,
  policy: Policy,
): Promise<FleetEvent[]> {
  return turns(known, id, { status: "stopped", restarts: 0, at }, stateChanges, policy)
}

async function turns(
  known: JsonObject,
  id: RecordId,
  seen: StateSeen,
  stateChanges: StateChanges,
  policy: Policy,
): Promise<FleetEvent[]> {
  const status = statusOf(known)
  if (status === undefined) return []
  const before = await stateChanges.of(id)
  const { changes, turn } =
    known["flapping"] === true
      ? countWhileFlapping(seen, before, policy.flapping)
      : countChange(status, seen, before, policy.flapping)
  if (changes === undefined) {
    if (before !== undefined) await stateChanges.forget(id)
  } else if (changes !== before) await stateChanges.keep(id, changes)
  return turn === undefined ? [] : [decideTurn(status, seen.status, turn)]
}
