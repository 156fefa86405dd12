/** What somebody should look at. One stream per alert: `alert-<id>`, where the id comes from who raised it and why, so that none is raised twice. */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const alertEvents = {
  /** A rule found something. `cause` is the position of the event that it was found at; `metadata.causationId` is that event's id. */
  AlertRaised: account(
    "alert",
    z.strictObject({
      /** Its name; all alerts of one rule are about the same kind of trouble. */
      rule: line,
      severity: z.enum(["warning", "critical"]),
      /** One sentence for a person. */
      title: line,
      /** A record has an id and a name as it was then; a source and a subscription have only their name. */
      about: z.strictObject({
        kind: z.enum(["target", "service", "stack", "source", "subscription"]),
        id: z.uuid().optional(),
        name: line.optional(),
      }),
      cause: z.int().nonnegative(),
    }),
  ),
}
