/** Changes that were said to come, on one stream each: `intent-<id>`. Who says so, why and under which ticket is in the metadata. */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const intentEvents = {
  /** Changes that match all that is given are expected. */
  ChangeExpected: account(
    "intent",
    z.strictObject({
      /** Types of events. */
      types: z.array(line).min(1).max(100).optional(),
      /** Pointers into documents: those fields, and all beneath them. */
      fields: z.array(line).min(1).max(100).optional(),
      /** Of which entities, in the query language, as they were when they changed. */
      where: z.string().max(2_000).optional(),
      /** Of whom a source says that they did it. */
      by: line.optional(),
      from: z.iso.datetime(),
      until: z.iso.datetime(),
      /** Of each entity only its first such change of each field. */
      once: z.boolean(),
    }),
  ),
  IntentWithdrawn: account("intent", z.strictObject({})),
}
