/** What a source did. One stream per source: `source-<name>`. Recorded when the account differs from the last one, and hourly. */
import * as z from "zod"
import { account } from "./define.js"
import { count, line } from "./facets/field.js"

const reach = {
  /** The rights it was done with, e.g. `root` or `user:fleet`. */
  rights: line,
  /** Facets that answered. */
  looked: z.record(line, z.literal(true)),
  /** Field or facet → why it was not looked at. */
  notLooked: z.record(line, line),
}
/** Whether all there are were seen; a kind that is not named was not looked for. */
const completeOnTarget = { service: z.boolean(), stack: z.boolean().optional() }

/** Of a source with several machines, those that one can say the same of; by their native keys. */
const targetsCoverage = z.strictObject({
  targets: z.array(line).min(1),
  ...reach,
  complete: z.strictObject(completeOnTarget),
})
export type TargetsCoverage = z.infer<typeof targetsCoverage>

/** A machine that is known to be there, or ought to be, and could not be looked at. */
const failedTarget = z.strictObject({ target: line, code: line, message: line })
export type FailedTarget = z.infer<typeof failedTarget>

/**
 * What a look asked and what answered. Absence is concluded only for a kind whose `complete` is true; `notLooked` names each field that
 * could not be seen, with the reason. What is said of single machines in `targets` and `failed` goes before what is said of all.
 */
export const coverage = z.strictObject({
  ...reach,
  complete: z.strictObject({ target: z.boolean(), ...completeOnTarget }),
  targets: z.array(targetsCoverage).optional(),
  /** What one can say of each machine that was looked at and is named in no group of `targets`: of most of many. */
  others: targetsCoverage.omit({ targets: true }).optional(),
  failed: z.array(failedTarget).optional(),
  /** So many machines were not found, too many at once to be believed: nothing was concluded of them. */
  held: count.optional(),
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
      stacks: count.optional(),
      changes: count,
    }),
  ),
  /** Somebody says that a host has this key: it is trusted from here on, in the place of what was said before of its algorithm. */
  HostKeyTrusted: account(
    "source",
    z.strictObject({
      source: line,
      /** As known_hosts has it: `[host]:port` unless the port is 22. */
      name: line,
      algorithm: line,
      /** As `ssh-ed25519 AAAA…`. */
      key: z.string().max(10_000),
      /** As OpenSSH prints it. */
      fingerprint: line,
    }),
  ),
  /** A look came to nothing; it says nothing about the source's entities. */
  DiscoveryFailed: account(
    "source",
    z.strictObject({ source: line, startedAt: z.iso.datetime(), code: line, message: line }),
  ),
}
