/**
 * Who used what matters for who may know and change what, on one stream a month: `access-2026-11`. Who it was is the actor. What leaves events of its own (a
 * redaction, a restore) is told by those.
 */
import * as z from "zod"
import { account } from "./define.js"
import { line } from "./facets/field.js"

export const accessEvents = {
  /** Somebody took data out in a form that leaves this program's sight; who goes on doing so is told of once an hour. */
  DataExported: account(
    "access",
    z.strictObject({
      /** Name of the operation. */
      operation: line,
      /** What of it, in the words that it was asked with. */
      what: line.optional(),
    }),
  ),
  /** Somebody did what only administrators may. */
  AdministrationPerformed: account("access", z.strictObject({ operation: line, what: line.optional() })),
  /** Requests that were refused within a minute, as counted by one instance. */
  AccessDenied: account(
    "access",
    z.strictObject({
      /** The minute's beginning. */
      minute: z.iso.datetime(),
      /** How many by the code of the refusal. */
      refused: z.record(z.enum(["Unauthorized", "Forbidden", "RateLimited"]), z.int().min(0)),
      /** Where they came from, those with the most first; only some of many. */
      addresses: z.array(line).max(10),
    }),
  ),
}
