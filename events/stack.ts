/** What can happen to a stack. One stream per record: `stack-<record id>`. */
import * as z from "zod"
import { patchOperation } from "#kernel/patch.js"
import { change } from "./define.js"
import { line } from "./facets/field.js"
import { stackDocument } from "./facets/stack.js"
import { provenance } from "./target.js"

export const stackEvents = {
  /** A source saw a stack that it did not know, deployed by the target whose record id is `target`. */
  StackDiscovered: change("stack", z.strictObject({ ...provenance, target: z.uuid(), document: stackDocument })),
  StackChanged: change("stack", z.strictObject({ facet: line, patch: z.array(patchOperation).min(1) })),
  /** It is there again after it was retired. */
  StackReappeared: change("stack", z.strictObject({ from: z.literal("retired") })),
  /** As many complete looks in a row as the policy asks did not find it. */
  StackRetired: change("stack", z.strictObject({ from: z.literal("observed") })),
}
