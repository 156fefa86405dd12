/** What a source did. One stream per source: `source-<name>`. Recorded when the account differs from the last one, and hourly. */
import * as z from "zod"
import { account } from "./define.js"
import { count, line } from "./facets/field.js"

/**
 * What a look asked and what answered. Absence is concluded only for a kind whose `complete` is true; `notLooked` names each field that
 * could not be seen, with the reason.
 */
export const coverage = z.strictObject({
  /** The rights it was done with, e.g. `root` or `user:fleet`. */
  rights: line,
  /** Facets that answered. */
  looked: z.record(line, z.literal(true)),
  /** Field or facet → why it was not looked at. */
  notLooked: z.record(line, line),
  /** Kind of entity → whether all there are were seen. */
  complete: z.strictObject({ target: z.boolean(), service: z.boolean() }),
})
export type Coverage = z.infer<typeof coverage>

export const sourceEvents = {
  /** A look is finished and everything it changed has been appended before this event. */
  DiscoveryCompleted: account(
    "source",
    z.strictObject({
      source: line,
      startedAt: z.iso.datetime(),
      coverage,
      targets: count,
      services: count,
      changes: count,
    }),
  ),
  /** A look came to nothing; it says nothing about the source's entities. */
  DiscoveryFailed: account(
    "source",
    z.strictObject({ source: line, startedAt: z.iso.datetime(), code: line, message: line }),
  ),
}
