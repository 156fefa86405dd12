/** Tokens for programs and people that ask over HTTP. */
import * as z from "zod"
import { parseDuration } from "#kernel/duration.js"
import { FleetError } from "#kernel/errors.js"
import { scopes } from "#ops/tokens.js"
import { command, query } from "./define.js"

const token = z.object({
  id: z.uuid(),
  name: z.string(),
  scope: z.enum(scopes),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
})

const longest = 366 * 86_400_000

export const tokenCreate = command({
  name: "token create",
  summary: "Create a token; its secret is shown once",
  scope: "admin",
  accounted: { as: "administration", what: "name" },
  shownOnce: true,
  input: z.object({
    name: z
      .string()
      .regex(/^[A-Za-z0-9._@-]{1,64}$/, "letters, digits and . _ @ -, 64 at most")
      .describe("What to call it"),
    scope: z.enum(scopes).default("read").describe("What it may do"),
    expires: z.string().max(20).default("90d").describe("How long it lives, like 12h or 30d"),
  }),
  output: token.extend({ secret: z.string() }),
  route: { method: "POST", path: "/api/v1/tokens" },
  command: {
    name: "token create",
    positional: ["name"],
    examples: ["token create grafana --scope read --expires 30d"],
  },
  async run({ fleet }, input) {
    const life = parseDuration(input.expires)
    if (life === undefined || life < 60_000 || life > longest) {
      throw new FleetError(
        "InvalidInput",
        `"expires" is "${input.expires}"; allowed is a time from 1m to 366d, like 12h or 30d`,
      )
    }
    return fleet.ops.tokens.create(input.name, input.scope, life)
  },
})

export const tokenList = query({
  name: "token list",
  summary: "List tokens, without their secrets",
  scope: "admin",
  input: z.object({}),
  output: z.object({ items: z.array(token), next: z.null() }),
  route: { method: "GET", path: "/api/v1/tokens" },
  command: { name: "token list", positional: [], examples: ["token list"] },
  run: async ({ fleet, point }) => ({ items: await fleet.ops.tokens.list(point.time), next: null }),
})

export const tokenRevoke = command({
  name: "token revoke",
  summary: "Revoke a token at once",
  scope: "admin",
  accounted: { as: "administration", what: "token" },
  input: z.object({ token: z.string().min(1).max(120).describe("Its name or id") }),
  output: token,
  route: { method: "DELETE", path: "/api/v1/tokens/{token}" },
  command: { name: "token revoke", positional: ["token"], examples: ["token revoke grafana"] },
  run: ({ fleet }, input) => fleet.ops.tokens.revoke(input.token),
})
