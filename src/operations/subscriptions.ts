/** What follows the ledger: the views, and the handlers that act upon it. */
import * as z from "zod"
import { position } from "#kernel/point.js"
import { command, query } from "./define.js"

const subscription = z.object({
  name: z.string(),
  kind: z.enum(["views", "handler"]),
  state: z
    .enum(["new", "booting", "active", "paused", "failed", "stopped"])
    .describe("booting catches up, active is live, new waits for its turn"),
  position: z.int().describe("The last position that was handled"),
  lag: z.int().describe("Events in the ledger behind that position"),
  message: z.string().nullable(),
  deadLetters: z.int(),
})

const name = z.string().min(1).max(80).describe("Its name")

export const subscriptionList = query({
  name: "subscription list",
  summary: "List what follows the ledger, how far it has come and how it is doing",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ items: z.array(subscription) }),
  route: { method: "GET", path: "/api/v1/subscriptions" },
  command: { name: "subscription list", positional: [], examples: ["subscription list"] },
  run: async ({ fleet }) => ({ items: await fleet.subscriptions.list() }),
})

export const subscriptionPause = command({
  name: "subscription pause",
  summary: "Pause a handler until it is resumed, also over restarts",
  scope: "operate",
  accounted: { as: "administration", what: "name" },
  input: z.object({ name }),
  output: subscription,
  route: { method: "POST", path: "/api/v1/subscriptions/{name}/pause" },
  command: { name: "subscription pause", positional: ["name"], examples: ["subscription pause witness"] },
  run: ({ fleet }, input) => fleet.subscriptions.pause(input.name),
})

export const subscriptionResume = command({
  name: "subscription resume",
  summary: "Have a subscription go on that was paused or has failed",
  scope: "operate",
  accounted: { as: "administration", what: "name" },
  input: z.object({ name }),
  output: subscription,
  route: { method: "POST", path: "/api/v1/subscriptions/{name}/resume" },
  command: { name: "subscription resume", positional: ["name"], examples: ["subscription resume witness"] },
  run: ({ fleet }, input) => fleet.subscriptions.resume(input.name),
})

const aPosition = "a position, from 0"

export const subscriptionReplay = command({
  name: "subscription replay",
  summary: "Have a handler handle again what it has handled, from a position on",
  scope: "admin",
  accounted: { as: "administration", what: "name" },
  input: z.object({
    name,
    from: z.coerce
      .number(aPosition)
      .int(aPosition)
      .min(0, aPosition)
      .describe("The first position that it is to handle again"),
  }),
  output: subscription,
  route: { method: "POST", path: "/api/v1/subscriptions/{name}/replay" },
  command: { name: "subscription replay", positional: ["name"], examples: ["subscription replay witness --from 120"] },
  run: ({ fleet }, input) => fleet.subscriptions.replay(input.name, position(input.from)),
})
