/** Who is told of alerts: how it goes, what was given up, and having it sent after all. */
import * as z from "zod"
import { instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { position } from "#kernel/point.js"
import type { Delivery } from "#ops/deliveries.js"
import { resolvePoint } from "#timeline/resolve.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { command, query } from "./define.js"
import { cursor, limit, listOf, pointShape } from "./shapes.js"

const time = z.iso.datetime().nullable()

const channel = z.object({
  name: z.string(),
  kind: z.string().nullable().describe("Null for one that is not configured any more, and is not told anything"),
  owed: z.int().describe("Events of alerts that it is to be told and has not taken yet"),
  taken: z.int().describe("Messages that its receiver has taken"),
  failed: z.int().describe("Attempts that came to nothing"),
  dead: z.int().describe("Messages that were given up and can be sent after all"),
  since: z.int().describe("It is told of what was recorded behind this position"),
  lastSuccess: time,
  lastFailure: time,
  error: z.string().nullable().describe("Why the last attempt that failed did"),
  nextAt: time.describe("Until when it is left alone, as its receiver cannot be reached or wants that"),
})

const called = z.string().min(1).max(80).describe("Name of a channel")

export const deliveryList = query({
  name: "delivery list",
  summary: "List the channels that are told of alerts: what is owed to each, what was taken and what was given up",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ items: z.array(channel) }),
  route: { method: "GET", path: "/api/v1/channels" },
  command: { name: "delivery list", positional: [], examples: ["delivery list"] },
  async run({ fleet }) {
    const { outbox, deliveries } = fleet.ops
    const kinds = new Map(fleet.delivery.channels.map(({ name, kind }) => [name, kind]))
    const owed = await outbox.counts()
    const counts = await deliveries.counts()
    const accounts = await deliveries.accounts()
    return {
      items: accounts
        .map(({ name, taken, failed, since, lastSuccess, lastFailure, error, failures, nextAt }) => ({
          name,
          kind: kinds.get(name) ?? null,
          owed: owed.get(name) ?? 0,
          taken,
          failed,
          dead: counts.find((one) => one.channel === name && one.state === "dead")?.count ?? 0,
          since,
          lastSuccess: timeOf(lastSuccess),
          lastFailure: timeOf(lastFailure),
          error,
          nextAt: failures > 0 ? timeOf(nextAt) : null,
        }))
        .filter(({ kind, owed: waiting, dead }) => kind !== null || waiting + dead > 0),
    }
  },
})

function timeOf(ms: number | null): string | null {
  return ms === null ? null : instant(ms)
}

const deadMessage = z.object({
  id: z.uuid(),
  channel: z.string(),
  what: z.string().describe("What it tells, of which rule: `raised target-unreachable`"),
  severity: z.string(),
  alerts: z.int().describe("How many it tells of"),
  owedSince: z.iso.datetime(),
  attempts: z.int(),
  error: z.string().nullable().describe("Why the last attempt failed"),
})

export const deliveryDead = query({
  name: "delivery dead",
  summary: "List the messages that were given up, oldest first",
  scope: "read",
  withoutViews: true,
  input: z.object({ channel: called.optional().describe("Only those to this channel"), limit, cursor }),
  output: listOf(deadMessage),
  route: { method: "GET", path: "/api/v1/deliveries/dead" },
  command: { name: "delivery dead", positional: [], examples: ["delivery dead", "delivery dead --channel slack"] },
  async run({ fleet, point }, input) {
    const page = await fleet.ops.deliveries.dead(after(input.cursor), input.limit + 1, input.channel)
    const shown = page.slice(0, input.limit)
    const last = page.length > shown.length ? shown.at(-1) : undefined
    return {
      items: shown.map(told),
      next: last === undefined ? null : encodeCursor(point, [last.owedAt, last.id]),
    }
  },
})

function after(text: string | undefined): { readonly owedAt: number; readonly id: string } {
  if (text === undefined) return { owedAt: 0, id: "" }
  const [owedAt, id] = decodeCursor(text).key
  if (typeof owedAt !== "number" || typeof id !== "string") throw wrongCursor()
  return { owedAt, id }
}

function told({ id, channel: name, group, severity, members, owedAt, attempts, error }: Delivery): object {
  return {
    id,
    channel: name,
    what: group,
    severity,
    alerts: members.length,
    owedSince: instant(owedAt),
    attempts,
    error,
  }
}

export const deliveryTest = command({
  name: "delivery test",
  summary: "Send a message that is about nothing to a channel, at once, and say what its receiver answers",
  scope: "operate",
  accounted: { as: "administration", what: "channel" },
  input: z.object({ channel: called }),
  output: z.object({
    outcome: z.enum(["taken", "refused", "failed"]).describe("Refused: it would be again; failed: it may go otherwise"),
    message: z.string().nullable().describe("Why it was not taken"),
  }),
  route: { method: "POST", path: "/api/v1/channels/{channel}/test" },
  command: { name: "delivery test", positional: ["channel"], examples: ["delivery test slack"] },
  async run({ fleet, signal }, input) {
    const outcome = await fleet.delivery.test(input.channel, signal)
    return { outcome: outcome.is, message: outcome.is === "taken" ? null : outcome.why }
  },
})

export const deliveryRetry = command({
  name: "delivery retry",
  summary: "Send messages after all that were given up; what is about alerts that are over is left out",
  scope: "operate",
  accounted: { as: "administration", what: ["id", "all"] },
  input: z.object({
    id: z.string().min(1).max(80).optional().describe("Id of a message that was given up, or waits"),
    all: called.optional().describe("All that were given up of this channel"),
  }),
  output: z.object({
    messages: z.int().describe("How many are on their way again"),
    over: z.int().describe("Alerts that are not told any more, as they are over"),
  }),
  route: { method: "POST", path: "/api/v1/deliveries/retry" },
  command: {
    name: "delivery retry",
    positional: ["[id]"],
    examples: ["delivery retry 5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201", "delivery retry --all slack"],
  },
  run({ fleet }, { id, all }) {
    if (id !== undefined && all === undefined) return fleet.delivery.retry(id)
    if (id === undefined && all !== undefined) return fleet.delivery.retryAll(all)
    throw new FleetError("InvalidInput", "either a message by its id, or all of a channel")
  },
})

export const deliveryReplay = command({
  name: "delivery replay",
  summary:
    "Tell a channel again what it was told from a point on, so that a receiver that lost it has it; who has it knows each alert by its delivery id",
  scope: "admin",
  accounted: { as: "administration", what: "channel" },
  input: z.object({
    channel: called,
    from: z.string().min(1).max(100).describe("The point behind which it is told again: position:123, -2h, a time"),
  }),
  output: z.object({ from: pointShape, owed: z.int().describe("Events of alerts that are told again") }),
  route: { method: "POST", path: "/api/v1/channels/{channel}/replay" },
  command: {
    name: "delivery replay",
    positional: ["channel"],
    examples: ["delivery replay hook --from -2h", "delivery replay hook --from position:120"],
  },
  async run({ fleet }, input) {
    const from = await resolvePoint(fleet, input.from)
    return { from, owed: await fleet.delivery.replay(input.channel, position(from.position + 1)) }
  },
})
