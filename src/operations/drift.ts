/** What is not as it is meant to be, since when and by which event. */
import * as z from "zod"
import { alertSeverity } from "#events/alert.js"
import type { RecordedEvent } from "#events/catalog.js"
import { expectationOf, expectations } from "#drift/expected.js"
import { type Drift, driftOf } from "#drift/drift.js"
import { type DriftRow, verdicts } from "#drift/row.js"
import type { Fleet } from "#fleet.js"
import type { Position } from "#kernel/point.js"
import type { ViewsReader } from "#projections/views.js"
import { keepForNextPage, keptFor } from "#timeline/recent.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { findBaseline } from "./baselines.js"
import { query } from "./define.js"
import { idsAbout } from "./parts.js"
import { cursor, entityReference, entityShape, flag, limit, listOf } from "./shapes.js"

const json = z.json()

/** By which a field is as it is. */
const eventShape = z.object({
  position: z.int(),
  time: z.iso.datetime().describe("When it was recorded"),
  type: z.string(),
  actor: z.string(),
  by: z.string().nullable().describe("Who did it, where the source knows"),
  reason: z.string().nullable(),
  source: z.string().nullable(),
  expectation: z.enum(expectations).nullable().describe("Whether it was said to come"),
})

export const driftShape = z.object({
  baseline: z.string(),
  rule: z.string().nullable().describe("Of a baseline that consists of rules"),
  severity: alertSeverity,
  verdict: z.enum(verdicts).describe("Unknown where nobody has looked at what it would take to say"),
  entity: entityShape,
  field: z.string().describe("Pointer into its document; empty for the whole"),
  expected: json.describe("What was there when it was pinned, or what a rule expects, in CEL"),
  actual: json,
  text: z.string().nullable(),
  since: eventShape.nullable().describe("The event by which it is as it is"),
})

export const brokenShape = z.object({ baseline: z.string(), rule: z.string(), why: z.string() })

export const drift = query({
  name: "drift",
  summary: "List what is not as it is meant to be: by pinned points and by rules, with since when and by which event",
  scope: "read",
  ofPoint: true,
  input: z.object({
    baseline: z.string().max(100).optional().describe("Only by this baseline"),
    entity: entityReference.optional().describe("Only of this: a machine with what runs on it, a stack, or a service"),
    severity: alertSeverity.optional().describe(`Only what is so severe: ${alertSeverity.options.join(", ")}`),
    unknown: flag.describe("Include what cannot be said, as nobody has looked there"),
    limit,
    cursor,
  }),
  output: listOf(driftShape).extend({
    counts: z.object({ drift: z.int(), unknown: z.int() }).describe("Of what is asked for, over all pages"),
    broken: z.array(brokenShape).describe("Rules that this version of the program does not understand"),
  }),
  route: { method: "GET", path: "/api/v1/drift" },
  command: {
    name: "drift",
    positional: [],
    examples: [
      "drift",
      "drift --entity web-1 --at -1d",
      "drift --baseline production --severity critical",
      "drift --unknown",
    ],
  },
  async run(call, { baseline, severity, unknown, ...input }) {
    const { fleet, point } = call
    if (baseline !== undefined) await findBaseline(fleet.views, baseline, point.position)
    const about = input.entity === undefined ? undefined : new Set(await idsAbout(call, input.entity))
    const question = JSON.stringify(["drift", point.position, baseline])
    const found =
      (keptFor(fleet.views, question) as Drift | undefined) ?? (await driftOf(fleet.views, point, { baseline }))
    const { rows, broken } = found
    const asked = rows.filter(
      (row) => about?.has(row.entity.id) !== false && (severity === undefined || row.severity === severity),
    )
    const counts = { drift: asked.filter(({ verdict }) => verdict === "drift").length, unknown: 0 }
    counts.unknown = asked.length - counts.drift
    const listed = unknown ? asked : asked.filter(({ verdict }) => verdict === "drift")
    const begin = input.cursor === undefined ? 0 : beginning(listed, input.cursor)
    const shown = listed.slice(begin, begin + input.limit)
    const last = shown.at(-1)
    const next = begin + shown.length < listed.length && last !== undefined ? encodeCursor(point, keyOf(last)) : null
    if (next !== null) keepForNextPage(fleet.views, question, found)
    return { items: await told(fleet, shown), next, counts, broken }
  },
})

/** With the events that they are by. */
export async function told({ ledger, views }: Pick<Fleet, "ledger" | "views">, rows: readonly DriftRow[]) {
  const positions: (Position | undefined)[] = []
  for (const row of rows) positions.push(await row.since())
  const known = [...new Set(positions.filter((position) => position !== undefined))].toSorted((a, b) => a - b)
  const events = new Map<Position, Awaited<ReturnType<typeof eventOf>>>()
  for (const event of await ledger.readAt(known)) events.set(event.position, await eventOf(views, event))
  return rows.map(({ since: _, ...row }, index) => {
    const position = positions[index]
    return { ...row, since: (position === undefined ? undefined : events.get(position)) ?? null }
  })
}

async function eventOf(views: ViewsReader, event: RecordedEvent) {
  const { position, recordedAt: time, type, metadata } = event
  const { actor, by = null, reason = null, source = null } = metadata
  const expectation = (await expectationOf(views, event))?.is ?? null
  return { position, time, type, actor, by, reason, source, expectation }
}

function keyOf({ baseline, entity, rule, field }: DriftRow): readonly [string, string, string, string] {
  return [baseline, entity.id, rule ?? "", field]
}

/** Index of the first row behind the page before. */
function beginning(rows: readonly DriftRow[], cursorText: string): number {
  const key = JSON.stringify(decodeCursor(cursorText).key)
  const found = rows.findIndex((row) => JSON.stringify(keyOf(row)) === key)
  if (found === -1) throw wrongCursor()
  return found + 1
}
