/** Changes that are said to come, so that they are told as expected when they do, and everything else stands out. */
import * as z from "zod"
import { type NewEvent, changeTypes } from "#events/catalog.js"
import { changesBy } from "#drift/expected.js"
import { conditionsOf } from "#drift/where.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import { nearest } from "#kernel/nearest.js"
import { type Point, position as positionOf } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import type { Intent } from "#projections/intents/read.js"
import { kinds } from "#projections/inventory/read.js"
import { momentOf } from "#query/moments.js"
import { resolvePoint } from "#timeline/resolve.js"
import { why } from "./baselines.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type Call, command, query } from "./define.js"
import { fieldPaths } from "./fields.js"
import { anId, cursor, flag, limit, listOf } from "./shapes.js"

const moment = z.string().max(100)
const longestMs = 366 * 86_400_000

const mostCounted = 1_000

const item = z.object({
  id: z.uuid(),
  state: z.enum(["coming", "open", "over"]).describe("At the point's time"),
  types: z.array(z.string()).nullable(),
  fields: z.array(z.string()).nullable(),
  where: z.string().nullable(),
  by: z.string().nullable(),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  once: z.boolean(),
  actor: z.string(),
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  position: z.int(),
  changes: z.int().describe(`That came, ${mostCounted} at most`),
  lastChange: z.int().nullable().describe("Position of the last of them"),
})

export const expectAdd = command({
  name: "expect add",
  summary: "Say that changes are to come: those that match all that is given are told as expected",
  scope: "operate",
  input: z.object({
    q: z
      .string()
      .max(2_000)
      .optional()
      .describe("Of which machines, services and stacks, as they are when they change: name:web-1 role:production"),
    field: z
      .string()
      .max(5_000)
      .optional()
      .describe("Of which fields, and what is in them, separated by commas: packages,os.kernel"),
    type: z.string().max(1_000).optional().describe("Of which types of events, separated by commas"),
    by: z.string().min(1).max(500).optional().describe("By whom, as a source's log calls them"),
    from: moment.optional().describe("From when on, like +2h or 2026-11-23T14:00:00Z; now without it"),
    until: moment.describe("Until when, like +4h or 2026-11-23T18:00:00Z"),
    once: flag.describe("Of each entity only the first such change of each field"),
    reason: why,
    ticket: z.string().min(1).max(200).optional().describe("Where that was decided"),
  }),
  output: z.object({ id: z.uuid(), from: z.iso.datetime(), until: z.iso.datetime(), position: z.int() }),
  route: { method: "POST", path: "/api/v1/intents" },
  command: {
    name: "expect add",
    positional: [],
    examples: [
      "expect add --q name:web-1 --field packages --until +2h --reason 'upgrade of nginx' --ticket OPS-12",
      "expect add --q 'target.role:production' --type ServiceChanged --from 2026-11-27T22:00Z --until 2026-11-28T02:00Z --once",
    ],
  },
  async run(call, input) {
    const { fleet, principal } = call
    const { once, by, reason, ticket } = input
    const [where, types, fields] = [textIn(input.q), typesIn(input.type), await fieldsIn(call, input.field)]
    if ([where, types, fields, by].every((given) => given === undefined)) {
      throw new FleetError(
        "InvalidInput",
        'say what is to come: "q", "field", "type" or "by"; all changes at once are no news',
      )
    }
    await conditionsOf(where, kinds)
    const now = await resolvePoint(fleet, undefined)
    const [from, until] = [await timeOf(call, now, input.from ?? "now"), await timeOf(call, now, input.until)]
    if (epochMs(until) <= Math.max(epochMs(from), epochMs(now.time)))
      throw new FleetError(
        "InvalidInput",
        `"until" is ${until}, which is not after ${from > now.time ? from : now.time}`,
      )
    if (epochMs(until) - epochMs(from) > longestMs)
      throw new FleetError("InvalidInput", '"until" is more than a year after "from"; what always comes is no news')
    const data = {
      ...(types && { types }),
      ...(fields && { fields }),
      ...(where !== undefined && { where }),
      ...(by !== undefined && { by }),
      from,
      until,
      once,
    }
    const metadata = {
      actor: principal.name,
      ...(reason !== undefined && { reason }),
      ...(ticket !== undefined && { ticket }),
    }
    const id = newRunId()
    const event: NewEvent = { type: "ChangeExpected", data, metadata, observedAt: fleet.clock.now() }
    const { position } = await fleet.ledger.append(`intent-${id}` as StreamName, noStream, [event], id)
    return { id, from, until, position }
  },
})

export const expectList = query({
  name: "expect list",
  summary: "List changes that are said to come, and those whose time is over, newest first",
  scope: "read",
  input: z.object({ over: flag.describe("Include those whose time is over"), limit, cursor }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/intents" },
  command: { name: "expect list", positional: [], examples: ["expect list", "expect list --over --at -7d"] },
  async run({ fleet, point }, input) {
    const [key] = input.cursor === undefined ? [point.position + 1] : decodeCursor(input.cursor).key
    if (typeof key !== "number" || !Number.isSafeInteger(key) || key < 0) throw wrongCursor()
    const openAt = input.over ? undefined : point.time
    const page = await fleet.views.intents.page(point.position, positionOf(key), input.limit + 1, openAt)
    const shown = page.slice(0, input.limit)
    const last = shown.at(-1)
    const more = page.length > shown.length && last !== undefined
    const items = []
    for (const intent of shown) {
      const changes = await changesBy(fleet.views, intent, point.position, mostCounted)
      items.push({ ...told(intent, point), changes: changes.length, lastChange: changes.at(-1) ?? null })
    }
    return { items, next: more ? encodeCursor(point, [last.since]) : null }
  },
})

export const expectWithdraw = command({
  name: "expect withdraw",
  summary: "Say that changes are not to come any more; those that came were expected",
  scope: "operate",
  input: z.object({ id: anId.describe("As expect list has it"), reason: why }),
  output: z.object({ id: z.uuid(), position: z.int() }),
  route: { method: "DELETE", path: "/api/v1/intents/{id}" },
  command: {
    name: "expect withdraw",
    positional: ["id"],
    examples: ["expect withdraw 0f3b7c1e-4a52-4f0e-9d67-2c1a8b5e6f70 --reason 'put off'"],
  },
  async run({ fleet, principal }, { id, reason }) {
    const stream = `intent-${id}` as StreamName
    const revision = await fleet.ledger.revisionOf(stream)
    const [last] = revision === noStream ? [] : await fleet.ledger.readStream(stream, { limit: 1, backwards: true })
    if (last?.type !== "ChangeExpected")
      throw new FleetError("NotFound", `nothing is expected under ${id}; "fleet-ledger expect list" lists what is`)
    const metadata = { actor: principal.name, ...(reason !== undefined && { reason }) }
    const event: NewEvent = { type: "IntentWithdrawn", data: {}, metadata, observedAt: fleet.clock.now() }
    const { position } = await fleet.ledger.append(stream, revision, [event], newRunId())
    return { id, position }
  },
})

function textIn(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text
}

function listIn(text: string | undefined): string[] | undefined {
  const all = [...new Set((text ?? "").split(",").map((one) => one.trim()))].filter(Boolean)
  return all.length === 0 ? undefined : all
}

function typesIn(text: string | undefined): string[] | undefined {
  const types = listIn(text)
  const known: readonly string[] = changeTypes
  const wrong = types?.find((type) => !known.includes(type))
  if (wrong === undefined) return types
  const near = nearest(wrong, known)
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean "${near}"?`
  throw new FleetError("InvalidInput", `no change has the type "${wrong.slice(0, 80)}"; ${hint}`)
}

async function fieldsIn({ fleet }: Call, text: string | undefined): Promise<string[] | undefined> {
  if (text === undefined) return undefined
  await fleet.reached((await fleet.ledger.head()).position)
  const fields = await fieldPaths(fleet.views, text)
  return fields.length === 0 ? undefined : [...fields]
}

async function timeOf({ fleet }: Call, now: Point, text: string): Promise<Instant> {
  return (await momentOf(fleet, now, text)).time
}

function told({ since, time: _, ...intent }: Intent, { time: now }: Point) {
  const [from, until] = [Date.parse(intent.from), Date.parse(intent.until)]
  const at = epochMs(now)
  const { types = null, fields = null, where = null, by = null, ...rest } = intent
  const state = at < from ? "coming" : at <= until ? "open" : "over"
  return { ...rest, types, fields, where, by, state, position: since }
}
