/** What is wrong, and who is told of it. */
import * as z from "zod"
import { alertSeverity } from "#events/alert.js"
import { type EventType, changeTypes } from "#events/catalog.js"
import { channels } from "./channels.js"
import { duration } from "./values.js"

/** Rules that are built in. */
export const builtInRules = [
  "target-unreachable",
  "service-failed",
  "disk-full",
  "check-failing",
  "health-below",
  "host-key-changed",
  "certificate-expiring",
  "discovery-failing",
  "discovery-blind",
  "mass-absence",
  "drift-found",
  "unexpected-change",
  "source-silent",
  "ledger-verification",
  "subscription-lag",
] as const

const changeType = z.enum(changeTypes as [EventType, ...EventType[]])
const types = z.array(changeType).min(1).max(100)
/** In the query language: of what the event alters, as it is behind it. */
const where = z.string().min(1).max(2_000)

export const ownRule = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a name of lower-case letters, digits and '-', 63 at most"),
  /** Events that it looks at. */
  on: types,
  where: where.optional(),
  severity: alertSeverity.default("warning"),
  /** One sentence; `{name}` is what it is about. */
  title: z.string().min(1).max(500).optional(),
  /** So long it has to be so, without a break. */
  for: duration.optional(),
  /** When it is over: at an event of these types (or of those above) about what this finds. Without it, when `where` does not find it any more. */
  resolve: z.strictObject({ on: types.optional(), where: where.optional() }).optional(),
})
export type OwnRule = z.infer<typeof ownRule>

export const alerts = z
  .strictObject({
    channels,
    rules: z
      .array(ownRule)
      .max(1_000)
      .superRefine((all, context) => {
        const names: string[] = [...builtInRules, "dead-letter"]
        for (const [index, { name }] of all.entries()) {
          if (names.includes(name))
            context.addIssue({
              code: "custom",
              path: [index, "name"],
              message: `another rule is called "${name}"; names must differ`,
            })
          names.push(name)
        }
      })
      .default([]),
    /** Built-in rules that nobody wants. */
    without: z.array(z.enum(builtInRules)).default([]),
    /** The score below which a machine's health is told. */
    healthBelow: z.number().min(0).max(1).default(0.7),
    /** How long before its end a certificate is told. */
    certificates: duration.prefault("14d"),
    /** So long after it was raised an alert that nobody has taken on goes to the next step, and the next. */
    escalate: z.array(duration).max(20).prefault(["1h"]),
  })
  .prefault({})
export type AlertsConfig = z.infer<typeof alerts>
