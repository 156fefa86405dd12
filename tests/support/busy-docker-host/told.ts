/** An event as one line that a person can read: when it was seen, by which source, what it is about and what changed. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Json, isObject } from "#kernel/json.js"
import { changesOf } from "#kernel/patch.js"
import { patchOf } from "#projections/inventory/patch-of.js"

export function toldBy(event: RecordedEvent, name: string): string {
  const head = `${event.observedAt.slice(11, 16)} ${event.metadata.source ?? "-"} ${name}:`
  switch (event.type) {
    case "ServiceStateChanged":
      return `${head} ${event.data.from} → ${event.data.to}`
    case "TargetResourceStatusChanged":
      return `${head} ${event.data.resource} ${event.data.from} → ${event.data.to}`
    case "TargetChanged":
    case "ServiceChanged":
    case "StackChanged":
      return `${head} ${changesOf(patchOf(event)).map(fieldText).join(", ")}`
    default:
      return `${head} ${event.type
        .replace(/^(?:Target|Service|Stack)/, "")
        .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
        .toLowerCase()}`
  }
}

/** Ids and digests are long, and other ones every time. */
function fieldText({ path, before, after }: { path: string; before: Json; after: Json }): string {
  const field = path.slice(1).replaceAll("~1", "/").replaceAll("~0", "~")
  if (before === null || isObject(after)) return isObject(after) ? `+${field}` : `${field} = ${short(after)}`
  return after === null ? `-${field}` : `${field} ${short(before)} → ${short(after)}`
}

function short(value: Json): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).replace(/^(?:sha256:)?[0-9a-f]{64}$/, "…")
}
