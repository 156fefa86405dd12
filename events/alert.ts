/**
 * What somebody should look at. One stream per alert: `alert-<id>`, where the id comes from who raised it and why, so that none is raised twice. It is open from
 * its first event until it is resolved; trouble that comes again is another alert.
 */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const alertSeverity = z.enum(["warning", "critical"])

/** A record has an id and a name as it was then; everything else has only its name. */
const alertAbout = z.strictObject({
  kind: z.enum(["target", "service", "stack", "source", "subscription", "check", "ledger", "fleet"]),
  id: z.uuid().optional(),
  name: line.optional(),
  /** What of it, where there may be several: `cert:443`. */
  part: line.optional(),
})
export type AlertAbout = z.infer<typeof alertAbout>
export type AlertSeverity = z.infer<typeof alertSeverity>

export const alertEvents = {
  /** A rule found something. `cause` is the position of the event that it was found at; `metadata.causationId` is that event's id. */
  AlertRaised: account(
    "alert",
    z.strictObject({
      /** Its name; all alerts of one rule are about the same kind of trouble. */
      rule: line,
      severity: alertSeverity,
      /** One sentence for a person. */
      title: line,
      about: alertAbout,
      cause: z.int().nonnegative(),
      /** How many things it stands for, where many came to the same trouble at once: it is about what they have in common. */
      count: z.int().min(2).optional(),
    }),
  ),
  /** Somebody has taken it on. Who and why is in the metadata. */
  AlertAcknowledged: account("alert", z.strictObject({})),
  /** Nobody is told of it until then; null ends that at once. */
  AlertSilenced: account("alert", z.strictObject({ until: z.iso.datetime().nullable() })),
  /** Nobody has taken it on in time: the next ones are told. */
  AlertEscalated: account("alert", z.strictObject({ step: z.int().min(1), severity: alertSeverity })),
  AlertResolved: account(
    "alert",
    z.strictObject({
      /** By itself, because it is as it should be again; by somebody's word; or as the rule, or what it was about, is no more. */
      how: z.enum(["mended", "hand", "withdrawn"]),
      /** Position of the event at which it was found to be mended. */
      cause: z.int().nonnegative().optional(),
    }),
  ),
}
