/** What the policy's rules give to a machine: its role, from the first rule that matches, and the tags of all that do. What somebody gave by hand stays. */
import type { FleetEvent } from "#events/catalog.js"
import { type TargetDocument, unassigned } from "#events/facets/target.js"
import type { Match, Policy } from "#events/policy.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { matchesPattern } from "#kernel/patterns.js"

/** Where a record comes from; a machine without a name is called by its native key. */
interface Origin {
  readonly nativeKey: string
  readonly source: string
}

/** @param known the machine's document */
export function decideAssigned(
  known: JsonObject,
  origin: Origin,
  { roles, tags }: Pick<Policy, "roles" | "tags">,
): FleetEvent[] {
  const matches = ({ match }: { readonly match: Match }) =>
    isMatch(match, nameOf(known) ?? origin.nativeKey, origin.source, known["labels"])
  const held = (known as Partial<TargetDocument>).assigned
  const { role: from, roleBy: fromBy, tags: before } = held ?? unassigned
  const events: FleetEvent[] = []
  const rule = roles.find(matches)
  const to = rule?.role ?? null
  if (fromBy !== "hand" && from !== to) {
    const named = rule === undefined ? {} : { rule: textOf(rule.match) }
    events.push({ type: "TargetRoleAssigned", data: { from, fromBy, to, by: "rule", ...named } })
  }
  const wanted = new Map<string, string>()
  for (const { match, tags: given } of tags.filter(matches).toReversed())
    for (const tag of given) wanted.set(tag, textOf(match))
  for (const [tag, named] of wanted)
    if (before[`tag:${tag}`] === undefined)
      events.push({ type: "TargetTagged", data: { tag, by: "rule", rule: named } })
  for (const [key, tag] of Object.entries(before)) {
    const name = key.slice("tag:".length)
    if (tag?.by === "rule" && !wanted.has(name))
      events.push({ type: "TargetUntagged", data: { tag: name, by: "rule", before: tag } })
  }
  return held === undefined ? begun(events) : events
}

/** The first thing that is ever assigned to a record begins its `assigned`. */
export function begun(events: readonly FleetEvent[]): FleetEvent[] {
  return events.map((event, index) =>
    index === 0 ? ({ ...event, data: { ...event.data, first: true } } as FleetEvent) : event,
  )
}

function nameOf({ identity }: JsonObject): string | undefined {
  const name = isObject(identity) ? identity["name"] : undefined
  return typeof name === "string" ? name : undefined
}

function isMatch(match: Match, name: string, source: string, labels: Json | undefined): boolean {
  return (
    (match.name === undefined || matchesPattern(name.toLowerCase(), match.name.toLowerCase())) &&
    (match.source === undefined || match.source === source) &&
    (match.group === undefined || isLabelled(labels, "groups", `group:${match.group}`)) &&
    (match.tag === undefined || isLabelled(labels, "tags", `tag:${match.tag}`))
  )
}

function isLabelled(labels: Json | undefined, collection: string, key: string): boolean {
  const items = isObject(labels) ? labels[collection] : undefined
  return isObject(items) && Object.hasOwn(items, key)
}

/** As a person would say the rule: `name=web-* group=k8s`. */
function textOf(match: Match): string {
  const terms = Object.entries(match).map(([what, wanted]) => `${what}=${wanted}`)
  return terms.join(" ") || "everything"
}
