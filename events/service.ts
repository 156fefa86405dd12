/** What can happen to a service. One stream per record: `service-<record id>`. */
import * as z from "zod"
import { patchOperation } from "#kernel/patch.js"
import { change } from "./define.js"
import { count, line } from "./facets/field.js"
import { serviceDocument, serviceStatus } from "./facets/service.js"
import { provenance } from "./target.js"

export const serviceEvents = {
  /** A source saw a service that it did not know, on the target whose record id is `target`. */
  ServiceDiscovered: change("service", z.strictObject({ ...provenance, target: z.uuid(), document: serviceDocument })),
  ServiceChanged: change("service", z.strictObject({ facet: line, patch: z.array(patchOperation).min(1) })),
  /** It runs, stopped or failed: seen as such, or not found any more by a complete look at what runs. */
  ServiceStateChanged: change("service", z.strictObject({ from: serviceStatus, to: serviceStatus })),
  /** Its state keeps changing, so often within so long: from here on changes are counted and not told, and its status is unknown. */
  ServiceFlappingStarted: change("service", z.strictObject({ from: serviceStatus, changes: count, withinMs: count })),
  /** Its state has held for as long as the policy asks; `count` changes were not told. */
  ServiceFlappingEnded: change("service", z.strictObject({ count, status: serviceStatus })),
  /** It is there again after it was retired. */
  ServiceReappeared: change("service", z.strictObject({ from: z.literal("retired") })),
  /** As many complete looks in a row as the policy asks did not find it. */
  ServiceRetired: change("service", z.strictObject({ from: z.literal("observed") })),
}
