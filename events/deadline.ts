/**
 * Moments that somebody has to be told of, though nothing was recorded then, on the stream `deadlines`. What the clock alone changes is worked out for the time
 * that is asked for, and needs none of these.
 */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const deadlineEvents = {
  /** `dueAt` is when it was due, which is earlier than when it was recorded if nobody was there. */
  DeadlinePassed: account(
    "deadlines",
    z.strictObject({
      /** Whose it is, in the words of whoever set it. */
      key: line,
      dueAt: z.iso.datetime(),
    }),
  ),
}
