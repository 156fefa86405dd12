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

/** Of a score. */
const share = z.number().min(0).max(1)

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
  /** What the judge takes from a score of 1 beside what lists tell and sort by, which is the same under every policy. */
  health: z
    .strictObject({
      /** Not seen for longer than this something is stale, and for longer than `lostMs` lost. */
      staleMs: z.int().positive().default(43_200_000),
      lostMs: z.int().positive().default(86_400_000),
      /** Certificates that end within this time are about to. */
      certificateMs: z.int().positive().default(1_209_600_000),
      weights: z
        .strictObject({
          stale: share.default(0.2),
          lost: share.default(0.5),
          failingChecks: share.default(0.2),
          certificateExpiring: share.default(0.1),
          certificateExpired: share.default(0.3),
          hostKey: share.default(0.3),
          /** Known vulnerabilities that are critical; what pending security updates take is part of it. */
          vulnerable: share.default(0.4),
          failed: share.default(1),
          stopped: share.default(0.5),
          unhealthy: share.default(0.5),
          flapping: share.default(0.4),
        })
        .prefault({}),
    })
    .prefault({}),
})
export type Policy = z.infer<typeof policy>

export const defaultPolicy: Policy = policy.parse({ bands: {} })

export const policyEvents = {
  /** The policy that judges everything recorded after it. */
  PolicyAdopted: account("policy", z.strictObject({ policy })),
}
