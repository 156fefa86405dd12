/** A way into the page for whoever may use this command. */
import * as z from "zod"
import { command } from "./define.js"

export const login = command({
  name: "login",
  summary: "Make a one-time link that opens the page, good for 15 minutes",
  scope: "admin",
  accounted: { as: "administration" },
  shownOnce: true,
  input: z.object({}),
  output: z.object({ url: z.url() }),
  route: { method: "POST", path: "/api/v1/login" },
  command: { name: "login", positional: [], examples: ["login"] },
  async run({ fleet, principal }) {
    const { secret } = await fleet.ops.tokens.createLogin(principal.name)
    return { url: `${fleet.config.url}/login?code=${secret}` }
  },
})
