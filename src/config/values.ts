/** Values that several keys of the configuration take. */
import * as z from "zod"
import { parseDuration } from "#kernel/duration.js"

/** Milliseconds, written like `5m` or `1h30m`. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1_000) {
    context.addIssue({ code: "custom", message: "a duration of at least a second, like 30s, 5m or 1h30m" })
    return z.NEVER
  }
  return ms
})

/** Where a secret is, and never the secret itself. */
export const secret = z.string().regex(/^(?:env|file):./, "env:NAME or file:PATH, where it is to be found")
