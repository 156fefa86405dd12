/** What makes it easier for those who mean the fleet harm, as of a point, each with the field and event that it rests on. */
import * as z from "zod"
import { severities } from "#events/severity.js"
import type { Position } from "#kernel/point.js"
import { findingRules } from "#projections/security/findings.js"
import type { ViewsReader } from "#projections/views.js"
import { blame } from "#timeline/blame.js"
import { type FoundAt, findingsAt } from "#timeline/findings.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { query } from "./define.js"
import { idsAbout } from "./parts.js"
import { cursor, entityReference, entityShape, limit, listOf } from "./shapes.js"

const severity = z.enum(severities)

const item = z.object({
  rule: z.enum(findingRules),
  severity,
  entity: entityShape,
  fact: z.string(),
  path: z.string().describe("The field that it rests on: a pointer into the entity's document"),
  position: z.int().nullable().describe("Of the event by which that field is as it is"),
})

export const security = query({
  name: "security",
  summary:
    "List what makes it easier for those who mean the fleet harm, each with the field and event that it rests on",
  scope: "read",
  ofPoint: true,
  input: z.object({
    entity: entityReference.optional().describe("Only of this: a machine with what runs on it, or a service"),
    rule: z
      .enum(findingRules)
      .optional()
      .describe(`Only by this rule: ${findingRules.join(", ")}`),
    severity: severity.default("notice").describe(`Only what is at least so severe: ${severities.join(", ")}`),
    limit,
    cursor,
  }),
  output: listOf(item).extend({ counts: z.record(severity, z.int()).describe("Of what is asked for, over all pages") }),
  route: { method: "GET", path: "/api/v1/security" },
  command: {
    name: "security",
    positional: [],
    examples: [
      "security",
      "security --entity web-1 --at -1d",
      "security --rule docker-socket",
      "security --severity critical",
    ],
  },
  async run(call, input) {
    const { fleet, point } = call
    const { views } = fleet
    const about = input.entity === undefined ? undefined : new Set(await idsAbout(call, input.entity))
    const question = JSON.stringify(["security", point])
    const kept = keptFor(views, question) as { readonly found: readonly FoundAt[] } | undefined
    const found = kept?.found ?? (await findingsAt(views, point))
    const least = severities.indexOf(input.severity)
    const asked = found.filter(
      (each) =>
        severities.indexOf(each.severity) >= least &&
        (input.rule === undefined || each.rule === input.rule) &&
        about?.has(each.entity.id) !== false,
    )
    const counts = Object.fromEntries(severities.map((name) => [name, 0])) as Record<
      (typeof severities)[number],
      number
    >
    for (const each of asked) counts[each.severity] += 1
    const begin = input.cursor === undefined ? 0 : beginning(asked, input.cursor)
    const shown = asked.slice(begin, begin + input.limit)
    const last = shown.at(-1)
    const next = begin + shown.length < asked.length && last !== undefined ? encodeCursor(point, keyOf(last)) : null
    if (next !== null) keepForNextPage(views, question, { found })
    const items = []
    for (const each of shown) items.push(await told(views, each, point.position))
    return { items, next, counts }
  },
})

async function told(views: ViewsReader, { rule, severity: how, entity, fact, path, records }: FoundAt, at: Position) {
  const written = await blame(views, records, at, path)
  const position = written.length === 0 ? null : Math.max(...written.map((field) => field.position))
  return { rule, severity: how, entity, fact, path, position }
}

function keyOf({ rule, entity, path }: FoundAt): readonly [string, string, string] {
  return [rule, entity.id, path]
}

function beginning(found: readonly FoundAt[], text: string): number {
  const key = JSON.stringify(decodeCursor(text).key)
  const at = found.findIndex((each) => JSON.stringify(keyOf(each)) === key)
  if (at === -1) throw wrongCursor()
  return at + 1
}
