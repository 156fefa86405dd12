/** Alerts: how they stand at a point, the story of one, and what people do with them. */
import * as z from "zod"
import { tellOf } from "#alerts/tell.js"
import { alertSeverity } from "#events/alert.js"
import type { RecordedEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { type Position, position } from "#kernel/point.js"
import { type Alert, alertStates } from "#projections/alerts/read.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type Call, type QueryCall, command, query } from "./define.js"
import { futureOf } from "./future.js"
import { idsAbout } from "./parts.js"
import { cursor, entityReference, flag, limit, listOf, pointShape } from "./shapes.js"

export const about = z
  .object({
    kind: z.string(),
    id: z.string().nullable(),
    name: z.string().nullable(),
    part: z.string().nullable().describe("What of it, where there may be several, like cert:443"),
  })
  .describe("What it is about, called as it was then")

const item = z.object({
  id: z.string(),
  state: z.enum(alertStates),
  severity: alertSeverity,
  rule: z.string(),
  title: z.string(),
  about,
  count: z.int().describe("How many things it stands for, where many came to the same trouble at once"),
  raised: pointShape,
  since: pointShape.describe("Since when it stands like that"),
  step: z.int().describe("Of its escalation; 0 before the first"),
  acknowledgedBy: z.string().nullable(),
  silencedUntil: z.iso.datetime().nullable(),
  resolved: z
    .enum(["mended", "hand", "withdrawn"])
    .nullable()
    .describe("It was mended, somebody said so, or what it was about is no more"),
})

const alertReference = z
  .string()
  .min(4, "an id, or the beginning of one: four characters or more")
  .max(100)
  .describe("Id of an alert, or the beginning of one")
const reason = z.string().min(1).max(500).optional().describe("Why, for whoever reads the history")

export const alerts = query({
  name: "alerts",
  summary: "List alerts that are not resolved, or were not at a point, newest first",
  scope: "read",
  input: z.object({
    state: z
      .enum(alertStates)
      .optional()
      .describe(`Only those that are so: ${alertStates.join(", ")}`),
    all: flag.describe("Include those that are resolved"),
    rule: z.string().max(100).optional().describe("Only those of this rule"),
    severity: alertSeverity.optional().describe("Only those that are so: warning, critical"),
    entity: entityReference.optional().describe("Only those about this machine, with what runs on it, or this service"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/alerts" },
  command: {
    name: "alerts",
    positional: [],
    examples: [
      "alerts",
      "alerts --severity critical --at -2h",
      "alerts --all --entity web-1",
      "alerts --rule check-failing",
    ],
  },
  async run(call, { all, entity, limit: most, cursor: from, ...filters }) {
    const { fleet, point } = call
    const [before] = from === undefined ? [undefined] : decodeCursor(from).key
    if (before !== undefined && (typeof before !== "number" || !Number.isSafeInteger(before) || before < 0))
      throw wrongCursor()
    const found = await fleet.views.alerts.page({
      ...filters,
      point,
      includeResolved: all,
      about: entity === undefined ? undefined : await idsAbout(call, entity),
      before: before === undefined ? undefined : position(before),
      limit: most + 1,
    })
    const shown = found.slice(0, most)
    const last = shown.at(-1)
    const more = found.length > shown.length && last !== undefined
    return { items: shown.map(told), next: more ? encodeCursor(point, [last.raised.position]) : null }
  },
})

export const alertShow = query({
  name: "alert show",
  summary: "Show an alert, and what has become of it",
  scope: "read",
  input: z.object({ alert: alertReference }),
  output: z.object({
    alert: item,
    cause: z.object({ position: z.int(), type: z.string() }).nullable().describe("The event that it was found at"),
    story: z.array(
      z.object({
        position: z.int(),
        time: z.iso.datetime(),
        what: z.string(),
        actor: z.string(),
        reason: z.string().nullable(),
      }),
    ),
  }),
  route: { method: "GET", path: "/api/v1/alerts/{alert}" },
  command: {
    name: "alert show",
    positional: ["alert"],
    examples: ["alert show 5f0cbb0e", "alert show 5f0cbb0e --at -1d"],
  },
  async run(call, { alert: reference }) {
    const { fleet, point } = call
    const id = await idOf(call, reference, point.position)
    const alert = (await fleet.views.alerts.one(id, point)) as Alert
    const events = await fleet.ledger.readStream(`alert-${id}` as StreamName, { limit: 1_000 })
    const [cause] = await fleet.ledger.readAt([alert.cause])
    return {
      alert: told(alert),
      cause: cause === undefined ? null : { position: cause.position, type: cause.type },
      story: events.filter((event) => event.position <= point.position).map(chapter),
    }
  },
})

const output = z.object({ alert: item, position: z.int() })

export const alertAcknowledge = command({
  name: "alert acknowledge",
  summary: "Take an alert on: it is not escalated any further, and nobody is reminded of it",
  scope: "operate",
  input: z.object({ alert: alertReference, reason }),
  output,
  route: { method: "POST", path: "/api/v1/alerts/{alert}/acknowledge" },
  command: {
    name: "alert acknowledge",
    positional: ["alert"],
    examples: ['alert acknowledge 5f0cbb0e --reason "looking at it"'],
  },
  run: (call, input) =>
    tell(call, input, (alert) => {
      stillOpen(alert)
      return alert.acknowledgedBy === null ? { type: "AlertAcknowledged", data: {} } : undefined
    }),
})

export const alertSilence = command({
  name: "alert silence",
  summary: "Have nobody told of an alert until then",
  scope: "operate",
  input: z.object({
    alert: alertReference,
    until: z.string().max(40).describe("A time from now like 2h, a time, or now to end its silence"),
    reason,
  }),
  output,
  route: { method: "POST", path: "/api/v1/alerts/{alert}/silence" },
  command: {
    name: "alert silence",
    positional: ["alert", "until"],
    examples: ['alert silence 5f0cbb0e 2h --reason "the disk is ordered"', "alert silence 5f0cbb0e now"],
  },
  run: (call, { until: text, ...input }) => {
    const until = text === "now" ? null : futureOf("until", text, call.fleet.clock.now())
    return tell(call, input, (alert) => {
      stillOpen(alert)
      return alert.silencedUntil === until ? undefined : { type: "AlertSilenced", data: { until } }
    })
  },
})

export const alertResolve = command({
  name: "alert resolve",
  summary: "Say that an alert is over; what is still wrong is raised again when it shows again",
  scope: "operate",
  input: z.object({ alert: alertReference, reason }),
  output,
  route: { method: "POST", path: "/api/v1/alerts/{alert}/resolve" },
  command: { name: "alert resolve", positional: ["alert"], examples: ['alert resolve 5f0cbb0e --reason "was a test"'] },
  run: (call, input) =>
    tell(call, input, ({ resolved }) =>
      resolved === null ? { type: "AlertResolved", data: { how: "hand" } } : undefined,
    ),
})

type Decide = Parameters<typeof tellOf>[2]

async function tell(
  call: Call,
  { alert: reference, reason: why }: { alert: string; reason?: string | undefined },
  decide: Decide,
) {
  const { fleet, principal } = call
  const head = await fleet.ledger.head()
  await fleet.reached(head.position)
  const id = await idOf(call, reference, head.position)
  const metadata = { actor: principal.name, ...(why !== undefined && { reason: why }) }
  const at = await tellOf(fleet, id, decide, metadata)
  const alert = (await fleet.views.alerts.one(id, { position: at, time: fleet.clock.now() })) as Alert
  return { alert: told(alert), position: at }
}

function stillOpen({ id, resolved }: Alert): void {
  if (resolved === null) return
  throw new FleetError("InvalidInput", `the alert ${id} is resolved already`)
}

/** @throws FleetError `NotFound`, `Ambiguous` */
async function idOf({ fleet }: Pick<QueryCall, "fleet">, reference: string, at: Position): Promise<string> {
  const prefix = reference.toLowerCase()
  const [id, ...others] = /^[0-9a-f-]+$/.test(prefix) ? await fleet.views.alerts.beginning(prefix, at, 6) : []
  if (id === undefined) {
    throw new FleetError(
      "NotFound",
      `there was no alert "${reference.slice(0, 80)}" at that point; "fleet-ledger alerts --all" lists them`,
    )
  }
  if (others.length === 0 || id === prefix) return id
  throw new FleetError(
    "Ambiguous",
    `several alerts begin with "${reference}": ${[id, ...others].slice(0, 5).join(", ")}`,
    { details: { ids: [id, ...others] } },
  )
}

function told({ cause: _, about: whom, ...alert }: Alert) {
  const { kind, id = null, name = null, part = null } = whom
  return { ...alert, about: { kind, id, name, part } }
}

function chapter(event: RecordedEvent) {
  const { position: at, recordedAt, metadata } = event
  return { position: at, time: recordedAt, what: whatOf(event), actor: metadata.actor, reason: metadata.reason ?? null }
}

function whatOf(event: RecordedEvent): string {
  switch (event.type) {
    case "AlertRaised":
      return "raised"
    case "AlertAcknowledged":
      return "acknowledged"
    case "AlertSilenced":
      return event.data.until === null ? "its silence ended" : `silenced until ${event.data.until}`
    case "AlertEscalated":
      return `escalated to step ${event.data.step}`
    case "AlertResolved":
      return { mended: "mended", hand: "resolved by hand", withdrawn: "withdrawn: what it was about is no more" }[
        event.data.how
      ]
    default:
      return event.type
  }
}
