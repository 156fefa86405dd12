/**
 * Invertible JSON Patches (RFC 6902): every `remove` and `replace` is preceded by a `test` of the old value, so before and after
 * are both in the patch, applying checks itself, and history can be walked backwards.
 */
import fastJsonPatch from "fast-json-patch"
import * as z from "zod"
import type { Json, JsonObject } from "#kernel/json.js"

export { escapeKey, unescapeKey } from "#kernel/pointer.js"

const json: z.ZodType<Json> = z.json()

export const patchOperation = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("test"), path: z.string(), value: json }),
  z.strictObject({ op: z.literal("add"), path: z.string(), value: json }),
  z.strictObject({ op: z.literal("replace"), path: z.string(), value: json }),
  z.strictObject({ op: z.literal("remove"), path: z.string() }),
])

export type PatchOperation = z.infer<typeof patchOperation>
export type Patch = readonly PatchOperation[]

/** One field before and after; `null` stands for "not there" on either side. */
export interface FieldChange {
  readonly path: string
  readonly before: Json
  readonly after: Json
}

/** The patch that turns `before` into `after`, in a stable order; empty when they are equal. */
export function patchBetween(before: JsonObject, after: JsonObject): Patch {
  return fastJsonPatch.compare(before, after, true) as unknown as Patch
}

/**
 * Applies in place, checking every `test`. The document shares nothing with the patch: later patches change the one and not the other.
 * @throws Error when a `test` fails or an `add` finds no object to add to: the document is not the one the patch was made for.
 */
export function applyPatch(document: JsonObject, patch: Patch): void {
  for (const operation of patch) {
    const own =
      operation.op === "add" || operation.op === "replace"
        ? { ...operation, value: copyOf(operation.value) }
        : operation
    // What is added has no `test` in front of it that would notice a facet that is not there or is a scalar: the library has to.
    const checksParent = operation.op === "add"
    fastJsonPatch.applyOperation(document, own as fastJsonPatch.Operation, checksParent, true)
  }
}

export function copyOf(value: Json): Json {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]))
}

/** The patch that undoes `patch`. */
export function invertPatch(patch: Patch): Patch {
  const inverse: PatchOperation[] = []
  for (const change of fieldChanges(patch).reverse()) {
    const { path } = change.change
    if (change.op === "add") inverse.push({ op: "test", path, value: change.change.after }, { op: "remove", path })
    else if (change.op === "remove") inverse.push({ op: "add", path, value: change.change.before })
    else
      inverse.push(
        { op: "test", path, value: change.change.after },
        { op: "replace", path, value: change.change.before },
      )
  }
  return inverse
}

/** What the patch changes, field by field. */
export function changesOf(patch: Patch): FieldChange[] {
  return fieldChanges(patch).map(({ change }) => change)
}

function fieldChanges(patch: Patch): { op: "add" | "replace" | "remove"; change: FieldChange }[] {
  const tested = new Map<string, Json>()
  const changes: { op: "add" | "replace" | "remove"; change: FieldChange }[] = []
  for (const operation of patch) {
    const { path } = operation
    if (operation.op === "test") tested.set(path, operation.value)
    else {
      const after = operation.op === "remove" ? null : operation.value
      changes.push({ op: operation.op, change: { path, before: tested.get(path) ?? null, after } })
    }
  }
  return changes
}
