/** What changed: of one entity, or of the fleet. */
import * as z from "zod"
import { changeTypes } from "#events/catalog.js"
import { severities } from "#events/severity.js"
import { epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { inTurns } from "#kernel/in-turns.js"
import { nearest } from "#kernel/nearest.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import type { HistoryFilter } from "#projections/history/filter.js"
import type { HistoryPage, TimeBound } from "#projections/history/read.js"
import { expectations } from "#drift/expected.js"
import { type MarkedChange, markedChangeOf } from "#drift/marked.js"
import { findEntity } from "#timeline/entity.js"
import { mustBeInOrder, resolveSince } from "#timeline/period.js"
import { resolvePoint } from "#timeline/resolve.js"
import { recordsBehind } from "#timeline/whose.js"
import { type PageKey, decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type QueryCall, query } from "./define.js"
import { fieldPath, fieldReference } from "./fields.js"
import { changeShape, cursor, entityReference, flag, limit, listOf } from "./shapes.js"

const name = z.string().min(1).max(500)

const input = z.object({
  entity: entityReference
    .optional()
    .describe(
      "Name or id: of a machine with what runs on it, of a stack with its services; the whole fleet without it",
    ),
  own: flag.describe("Only what changed in the machine or the stack itself"),
  since: z.string().max(100).optional().describe("Only changes after this point in time"),
  until: z.string().max(100).optional().describe("Only changes up to this point in time"),
  type: z.string().max(1_000).optional().describe("Only events of this type, or of these, separated by commas"),
  severity: z.enum(severities).optional().describe("Only changes that ask for so much attention or more"),
  field: fieldReference
    .optional()
    .describe("Only changes of this field or what is in it: os.kernel, packages.pkg:nginx, network"),
  actor: name.optional().describe("Only changes written down by this one: discovery, user:ada, token:ci"),
  source: name.optional().describe("Only changes told by this source"),
  run: name.optional().describe("Only changes written down in the run of this id"),
  expectation: z
    .enum(expectations)
    .optional()
    .describe("Only changes that were said to come (expected), or that are a surprise (surprising)"),
  order: z.enum(["newest", "oldest"]).default("newest").describe("Which come first: newest or oldest"),
  limit,
  cursor,
})
type Asked = z.output<typeof input>

/** What is expected is worked out of each change, so a page of that is sought among so many times as many, and may then be empty. */
const mostPages = 8

export const history = query({
  name: "history",
  summary: "List changes: of a machine with what runs on it, of a stack, of a service, or of the fleet",
  scope: "read",
  ofPoint: true,
  moments: ["since", "until"],
  input,
  output: listOf(changeShape).describe(
    "A page may be short and still have a next one; where an expectation is asked for, it may be empty, too",
  ),
  route: { method: "GET", path: "/api/v1/history" },
  command: {
    name: "history",
    positional: ["[entity]"],
    examples: [
      "history",
      "history web-1 --since -1d",
      "history web-1 --field os.kernel --order oldest",
      "history --type ServiceStateChanged,HostKeyChanged --since -7d --until yesterday",
      "history --severity warning --source here --output json",
      "history --expectation surprising --since -7d",
    ],
  },
  async run(call, asked) {
    const { fleet, point } = call
    const { ledger, views } = fleet
    const { limit: most, order, own } = asked
    const record = asked.entity === undefined ? undefined : await findEntity(views, asked.entity, point.position)
    const records = record && (await recordsBehind(views, record, point.position, own))
    const { bounds, after } = await rangeOf(call, asked)
    const about = {
      at: point.position,
      newestFirst: order === "newest",
      limit: most,
      filter: await filterOf({ fleet, point }, asked),
      own,
      ...bounds,
      ...(records === undefined ? {} : { recordNos: records.map(({ no }) => no) }),
    }
    const items: MarkedChange[] = []
    let next = after
    let pages = 0
    const turn = inTurns()
    do {
      await turn()
      const page = await views.history.page({ ...about, ...(next === null ? {} : { after: next }) })
      for (const event of await ledger.readAt(page.positions)) {
        const change = await markedChangeOf(views, event)
        if (asked.expectation === undefined || change.expectation === asked.expectation) items.push(change)
      }
      next = page.next
      pages += 1
    } while (items.length === 0 && next !== null && (asked.expectation === undefined || pages < mostPages))
    return { items, next: next === null ? null : encodeCursor(point, keyOf(next, bounds)) }
  },
})

async function filterOf({ fleet }: Pick<QueryCall, "fleet" | "point">, asked: Asked): Promise<HistoryFilter> {
  const { type, severity, field, actor, source, run } = asked
  return {
    ...(type === undefined ? {} : { types: type.split(",").map((given) => changeType(given.trim())) }),
    ...(severity === undefined ? {} : { severities: severities.slice(severities.indexOf(severity)) }),
    ...(field === undefined ? {} : { field: await fieldPath(fleet.views, field) }),
    ...(actor === undefined ? {} : { actor }),
    ...(source === undefined ? {} : { source }),
    ...(run === undefined ? {} : { runId: run }),
  }
}

function changeType(given: string): string {
  const known: readonly string[] = changeTypes
  if (known.includes(given)) return given
  const near = nearest(given, known)
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean "${near}"?`
  throw new FleetError("InvalidInput", `no change has the type "${given.slice(0, 80)}"; ${hint}`)
}

type Bounds = Pick<HistoryPage, "since" | "until">

/** A cursor keeps to both ends of the page that gave it: what is told by the clock is another moment later. */
async function rangeOf(call: QueryCall, { cursor: begun, since, until }: Asked) {
  if (begun !== undefined) {
    const [key, ...ends] = decodeCursor(begun).key
    const [begin, beginTime, end, endTime] = ends
    if (!isWhole(key) || ends.length !== 4) throw wrongCursor()
    const bounds = { ...boundIn("since", begin, beginTime), ...boundIn("until", end, endTime) }
    return { bounds, after: key as Position }
  }
  const { fleet } = call
  const first = since === undefined ? undefined : await resolveSince(fleet, call, since)
  const last = until === undefined ? undefined : await resolvePoint(fleet, until)
  if (first !== undefined && last !== undefined) mustBeInOrder({ since: first, until: last })
  const bounds: Bounds = { ...(first && { since: boundOf(first) }), ...(last && { until: boundOf(last) }) }
  return { bounds, after: null }
}

function boundOf({ position, time }: Point): TimeBound {
  return { position, time: epochMs(time) }
}

function keyOf(next: Position, { since, until }: Bounds): PageKey {
  return [next, ...keyOfBound(since), ...keyOfBound(until)]
}

function keyOfBound(bound: TimeBound | undefined): PageKey {
  return bound === undefined ? ["", ""] : [bound.position, bound.time]
}

function boundIn(end: keyof Bounds, position: PageKey[number] | undefined, time: PageKey[number] | undefined): Bounds {
  if (position === "" && time === "") return {}
  if (!isWhole(position) || !isWhole(time) || position < origin) throw wrongCursor()
  return { [end]: { position: position as Position, time } }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
