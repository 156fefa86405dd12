/** The state of a machine's resources after a look: what was measured goes into the rings, and the rings say in which band each resource is. */
import type { ResourceStatus } from "#events/facets/target.js"
import type { Policy } from "#events/policy.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import { type JsonObject, isObject } from "#kernel/json.js"
import type { Measurements } from "#ops/measurements.js"
import { nextStatus, staysIn } from "./bands.js"
import { counterMetrics, measure, resourceOf } from "./measure.js"
import type { Observation } from "./observation.js"

/** Measurements read back to see whether a resource stays in a band: as many as are kept, so that no policy asks for more. */
const bandWindow = 288

/** @param known the target's document before the look */
export async function resourcesAfter(
  observation: Observation,
  id: RecordId,
  observedAt: Instant,
  bands: Policy["bands"],
  measurements: Measurements,
  known: JsonObject,
): Promise<Record<string, ResourceStatus>> {
  if (observation.kind !== "target") {
    await measurements.record(id, observedAt, measure(observation, new Map()))
    return {}
  }
  if (observation.resources !== undefined) return { ...observation.resources }
  const previous = new Map<string, number>()
  for (const metric of counterMetrics) {
    const [last] = await measurements.latest(id, metric, observedAt, 1)
    if (last !== undefined) previous.set(metric, last.value)
  }
  const values = measure(observation, previous)
  await measurements.record(id, observedAt, values)
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
