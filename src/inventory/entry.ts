/** An entity as an inventory has it: what an export writes, and what others may write for an import. */
import * as z from "zod"
import { line } from "#events/facets/field.js"
import { serviceDocument } from "#events/facets/service.js"
import { stackDocument } from "#events/facets/stack.js"
import { lifecycle, targetDocument } from "#events/facets/target.js"
import { kinds } from "#projections/inventory/read.js"

const common = {
  /** What it is called here for ever, once among its kind; its name where it is left out. */
  id: line.min(1).optional(),
  name: line,
  /** The rest is told by an export and means nothing to an import: what is imported is there. */
  lifecycle: lifecycle.optional(),
  sources: z.array(line).optional(),
}
const part = {
  ...common,
  /** The id of the machine. */
  on: line.min(1),
}

const { lifecycle: _, link: __, assigned: ___, resources, ...targetFacets } = targetDocument.shape
const { lifecycle: ____, flapping, ...serviceFacets } = serviceDocument.shape
const { lifecycle: _____, ...stackFacets } = stackDocument.shape

const entry = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("target"), ...common, resources, facets: z.strictObject(targetFacets).default({}) }),
  z.strictObject({ kind: z.literal("service"), ...part, flapping, facets: z.strictObject(serviceFacets).default({}) }),
  z.strictObject({ kind: z.literal("stack"), ...part, facets: z.strictObject(stackFacets).default({}) }),
])
export type Entry = z.infer<typeof entry>

/** What is said of all of them. Others may say more: it is not looked at. */
export const heading = z.looseObject({
  format: z.literal("fleet-ledger/inventory").optional(),
  version: z.literal(1).optional(),
  /** The filter that it was exported with. */
  q: z.string().nullable().optional(),
})

/** @returns the entity, or what is wrong with it, with the path */
export function entryOf(value: unknown): Entry | { readonly path: string; readonly message: string } {
  const result = entry.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = `/${(issue?.path ?? []).map(String).join("/")}`
  if (path === "/kind") return { path, message: `it must be one of ${kinds.join(", ")}` }
  return { path, message: issue?.message ?? "not what is allowed" }
}
