/** What shapes conclusions is itself in the ledger: the stream `policy` holds each policy that was in force. */
import * as z from "zod"
import { account } from "./define.js"
import { line, percent } from "./facets/field.js"
import { role, tagName } from "./facets/target.js"

/** Which machines a rule is about: all that is named here has to be so. */
const match = z.strictObject({
  /** `*` is any text, `?` one character. */
  name: line.optional(),
  /** Among those that people say it is in, or has. */
  group: line.optional(),
  tag: line.optional(),
  source: line.optional(),
})
export type Match = z.infer<typeof match>

export const policy = z.strictObject({
  /** Bands of use: above `warning` and above `critical` percent; leaving a band downwards takes `hysteresis` more. */
  bands: z.strictObject({
    warning: percent.default(75),
    critical: percent.default(90),
    hysteresis: percent.default(5),
    /** A new band counts once this many looks in a row, over at least `sustainedMs`, agree. */
    sustainedLooks: z.int().min(1).max(100).default(3),
    sustainedMs: z.int().nonnegative().default(600_000),
  }),
  /** Complete looks in a row that must miss an entity before it is retired. */
  retireAfterLooks: z.int().min(1).max(1_000).default(3),
  /** A service flaps when its state has changed so often within a time, until its state has held for long enough. */
  flapping: z
    .strictObject({
      changes: z.int().min(2).max(100).default(4),
      withinMs: z.int().positive().default(3_600_000),
      settledMs: z.int().positive().default(1_800_000),
    })
    .prefault({}),
  /** The role of a machine is that of the first rule that matches. */
  roles: z.array(z.strictObject({ match, role })).max(1_000).default([]),
  /** It has the tags of all that do. */
  tags: z
    .array(z.strictObject({ match, tags: z.array(tagName).min(1).max(100) }))
    .max(1_000)
    .default([]),
  /** Names of sources: what an earlier one says of a machine goes before what a later one says, field by field. */
  precedence: z.array(line).default([]),
  /** When so many of a source's machines, and more than this share of them, are missing at once, nothing is concluded until somebody says so. */
  massAbsence: z
    .strictObject({ atLeast: z.int().min(1).default(5), share: z.number().min(0).max(1).default(0.4) })
    .prefault({}),
})
export type Policy = z.infer<typeof policy>

export const defaultPolicy: Policy = policy.parse({ bands: {} })

export const policyEvents = {
  /** The policy that judges everything recorded after it. */
  PolicyAdopted: account("policy", z.strictObject({ policy })),
}
