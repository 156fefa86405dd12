/** The shapes that all answers share. */
import * as z from "zod"
import { severities } from "#events/severity.js"
import { expectations } from "#drift/expected.js"
import { patchOperation } from "#kernel/patch.js"
import { kinds } from "#projections/inventory/read.js"

const json = z.json()

export const pointShape = z
  .object({ position: z.int(), time: z.iso.datetime() })
  .describe("The point that the answer is true at: a position in the ledger and an instant")

export const entityShape = z.object({ kind: z.enum(kinds), id: z.uuid(), name: z.string() })

export const fieldChangeShape = z.object({ path: z.string(), before: json, after: json })

export const changeShape = z.object({
  position: z.int(),
  event: z.uuid().describe("Id of the event"),
  recordedAt: z.iso.datetime(),
  observedAt: z.iso.datetime(),
  occurredAt: z.iso.datetime().optional(),
  type: z.string(),
  severity: z.enum(severities).describe("How much attention it asks for"),
  entity: entityShape,
  actor: z.string(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  source: z.string().nullable(),
  runId: z.string().nullable(),
  changes: z.array(fieldChangeShape),
  expectation: z
    .enum(expectations)
    .nullable()
    .describe("Whether it was said to come, or is a surprise where something was meant to stay as it was"),
  intent: z.uuid().nullable().describe("Who said so: an expected change of `expect list`"),
})

const movedRecordShape = z.object({
  id: z.uuid(),
  source: z.string(),
  nativeKey: z.string(),
  change: z.enum(["linked", "unlinked"]),
  target: entityShape.nullable().describe("The machine that it was of before, or is of now"),
})

export const diffItemShape = z.object({
  group: z.string().nullable().optional().describe("The group that it is listed in, with the changes of that alone"),
  entity: entityShape,
  change: z.enum(["created", "modified", "removed"]),
  was: entityShape.optional().describe("What it is compared with, where that is another entity"),
  records: z.array(movedRecordShape).optional().describe("Records that came to a machine or left it"),
  changes: z.array(fieldChangeShape),
  patch: z
    .array(patchOperation)
    .describe("JSON Patch (RFC 6902) that leads from the document at the first point to that at the second"),
})

/** Of machines; `average` is the mean of the scores that are known. */
export const healthTotalsShape = z.object({
  healthy: z.int(),
  warning: z.int(),
  critical: z.int(),
  unknown: z.int(),
  average: z.number().nullable(),
})

/** A page of a list: `next` is the cursor of the page after it, null on the last. */
export function listOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export const anId = z.uuid("an id, like 5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201")
const nameOrId = "a name or an id"
/** Room for the longest name with its kind before it. */
export const entityReference = z.string().min(1, nameOrId).max(1_100, nameOrId)

const aLimit = "a whole number from 1 to 1000"
export const limit = z.coerce
  .number(aLimit)
  .int(aLimit)
  .min(1, aLimit)
  .max(1_000, aLimit)
  .default(100)
  .describe("Most items in the answer")
/** Holds a name, each character of which may take six bytes in JSON. */
export const cursor = z
  .string()
  .max(12_000)
  .optional()
  .describe("`next` of the page before; keeps to that page's point in time")
/** True or false, also as text. */
export const flag = z.union([z.boolean(), z.stringbool()]).default(false)
