/** The state of a record is the fold of its events. Pure, and the definition that every table and short cut is tested against. */
import { produce } from "immer"
import type { FleetEvent } from "#events/catalog.js"
import type { JsonObject } from "#kernel/json.js"
import { applyPatch } from "#kernel/patch.js"
import { emptyDocument, patchOf } from "./patch-of.js"

/** The reducer as a recipe: changes `draft` in place. @throws Error when the event does not fit the document. */
export function evolveInPlace(draft: JsonObject, event: FleetEvent): void {
  applyPatch(draft, patchOf(event))
}

/** The same without touching `document`, which shares what did not change with the result. */
export function evolve(document: JsonObject, event: FleetEvent): JsonObject {
  return produce(document, (draft: JsonObject) => evolveInPlace(draft, event))
}

/** Replays a record from its first event. */
export function replay(events: Iterable<FleetEvent>): JsonObject {
  // Payloads are copied in: a draft must never alter the event that it came from.
  const document: JsonObject = { ...emptyDocument }
  for (const event of events) evolveInPlace(document, structuredClone(event))
  return document
}
