/** What the fleet is meant to be like, on one stream for each name: `baseline-<id>`. What is declared again under a name takes the place of what was. */
import * as z from "zod"
import { account } from "./define.js"
import { alertSeverity } from "./alert.js"
import { line } from "./facets/field.js"

/** What of everything a rule is about, and what is expected of it. */
export const baselineRule = z.strictObject({
  name: line,
  kind: z.enum(["target", "service", "stack"]),
  /** In the query language; all of that kind where it is left out. */
  where: z.string().max(2_000).optional(),
  /** In CEL, over the document of each; true where it is as it should be. */
  expect: z.string().min(1).max(4_000),
  severity: alertSeverity,
  /** For a person: what is expected, and why. */
  text: line.optional(),
})
export type BaselineRule = z.infer<typeof baselineRule>

const baseline = z.discriminatedUnion("of", [
  /** As everything, or all that a query finds, was at a point. */
  z.strictObject({
    of: z.literal("point"),
    position: z.int().min(-1),
    time: z.iso.datetime(),
    /** The snapshot that named it, if one did. */
    snapshot: line.optional(),
    where: z.string().max(2_000).optional(),
    /** Pointers into documents: those fields alone, and all beneath them; without it, all that is no passing state. */
    fields: z.array(line).min(1).max(100).optional(),
    severity: alertSeverity,
  }),
  z.strictObject({ of: z.literal("rules"), rules: z.array(baselineRule).min(1).max(1_000) }),
])
export type Baseline = z.infer<typeof baseline>

export const baselineEvents = {
  BaselineDeclared: account("baseline", z.strictObject({ name: line, baseline })),
  BaselineWithdrawn: account("baseline", z.strictObject({ name: line })),
}
