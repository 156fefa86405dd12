/** Counts what a look saw of a service's state, and decides whether it begins to flap or has settled. */
import type { FleetEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { Measurements } from "#ops/measurements.js"
import type { Ops } from "#ops/ops.js"
import type { StateChanges } from "#ops/state-changes.js"
import { decideTurn, statusOf } from "./decide.js"
import { type StateSeen, countChange, countWhileFlapping } from "./flapping.js"
import type { Observation } from "./observation.js"

/** @param known the document before the look, whose measurements are recorded */
export async function turnsSeen(
  known: JsonObject,
  id: RecordId,
  { kind, facets }: Observation,
  at: Instant,
  { measurements, stateChanges }: Ops,
  policy: Policy,
): Promise<FleetEvent[]> {
  const status = statusOf({ state: facets["state"] ?? null })
  if (kind !== "service" || status === undefined) return []
  const isCounted = typeof facets["container"]?.["restarts"] === "number"
  const restarts = isCounted ? await restartsSince(id, at, measurements) : 0
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

const restartsMetric = "/container/restarts"

/** How often its engine has restarted it since the look before, as far as this look counted. */
async function restartsSince(id: RecordId, at: Instant, measurements: Measurements): Promise<number> {
  const [now, before] = await measurements.latest(id, restartsMetric, at, 2)
  if (now === undefined || before === undefined || now.at !== at) return 0
  return Math.max(now.value - before.value, 0)
}
