/** The state of a machine's resources after a look: what was measured went into the rings, and the rings say in which band each resource is. */
import type { ResourceStatus } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import { type JsonObject, isObject } from "#kernel/json.js"
import type { Measurements } from "#ops/measurements.js"
import { nextStatus, staysIn } from "./bands.js"
import { resourceOf } from "./measure.js"
import type { Observation } from "./observation.js"

/** Measurements read back to see whether a resource stays in a band: no more than are kept as they were. */
const bandWindow = 288

/** @param values what the look measured, recorded by now @param known the target's document before the look */
export async function resourcesAfter(
  observation: Observation,
  id: RecordId,
  values: ReadonlyMap<string, number>,
  observedAt: Instant,
  bands: Policy["bands"],
  measurements: Measurements,
  known: JsonObject,
): Promise<Record<string, ResourceStatus>> {
  if (observation.kind !== "target") return {}
  if (observation.resources !== undefined) return { ...observation.resources }
  const current = (known["resources"] ?? {}) as Record<string, ResourceStatus>
  const next: Record<string, ResourceStatus> = {}
  for (const [metric, value] of values) {
    const resource = resourceOf(metric)
    if (resource === undefined) continue
    const status = current[resource]
    next[resource] = staysIn(status, value, bands)
      ? status
      : nextStatus(status, await measurements.latest(id, metric, observedAt, bandWindow), bands)
  }
  // What was not measured this time stays in the state it was in, as long as what it belongs to is there.
  for (const [resource, status] of Object.entries(current)) {
    if (next[resource] === undefined && !isGone(resource, observation)) next[resource] = status
  }
  return next
}

/** Whether a look that saw the file systems did not see this one. */
function isGone(resource: string, observation: Observation): boolean {
  const filesystems = observation.facets["storage"]?.["filesystems"]
  const isThere = isObject(filesystems) && Object.hasOwn(filesystems, resource)
  return resource.startsWith("fs:") && filesystems !== undefined && !isThere
}
