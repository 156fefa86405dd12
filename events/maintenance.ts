/** Times in which trouble is no news, on one stream each: `maintenance-<id>`. */
import * as z from "zod"
import { account } from "./define.js"

export const maintenanceEvents = {
  /** What is raised about these in that time is recorded, and nobody is told. Who said so and why is in the metadata. */
  MaintenancePlanned: account(
    "maintenance",
    z.strictObject({
      /** Machines with all that is on them, in the query language; everything where it is left out. */
      where: z.string().max(2_000).optional(),
      from: z.iso.datetime(),
      until: z.iso.datetime(),
    }),
  ),
  /** It ends at once, or does not begin. */
  MaintenanceEnded: account("maintenance", z.strictObject({})),
}
