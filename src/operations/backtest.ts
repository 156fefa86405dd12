/** What rules would have raised in the past, whether they are in force or only thought of. */
import * as z from "zod"
import { rehearse } from "#alerts/rehearse.js"
import type { Rule } from "#alerts/rule.js"
import { ownRule } from "#alerts/rules/own.js"
import { ownRulesIn } from "#alerts/rules/rule-file.js"
import { rulesOf } from "#alerts/rules/rules.js"
import { longestFile } from "#drift/rules-file.js"
import { alertSeverity } from "#events/alert.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { type Position, origin } from "#kernel/point.js"
import { mustBeInOrder } from "#timeline/period.js"
import { resolveBeginning, resolvePoint } from "#timeline/resolve.js"
import { about as aboutShape } from "./alerts.js"
import { type Call, job } from "./define.js"
import { pointShape } from "./shapes.js"

/** Most that are listed. */
const most = 10_000

export const backtest = job({
  name: "backtest",
  summary:
    "Go through the past with a rule, in order, and list what it would have raised and when that would have been over",
  scope: "read",
  input: z.object({
    rule: z.string().max(100).optional().describe("Name of a rule that is built in or configured; all without it"),
    define: z
      .string()
      .max(longestFile)
      .optional()
      .describe("Rules in YAML instead, as they would stand under alerts.rules"),
    from: z.string().max(100).optional().describe("Point in time to begin at, like -30d; the beginning without it"),
    to: z.string().max(100).optional().describe("Point in time to end at; now without it"),
  }),
  output: z.object({
    rules: z.array(z.string()),
    from: pointShape,
    to: pointShape,
    raised: z.int(),
    open: z.int().describe("Of them, how many would not be over"),
    items: z
      .array(
        z.object({
          rule: z.string(),
          severity: alertSeverity,
          title: z.string(),
          about: aboutShape,
          count: z.int(),
          raised: pointShape.describe("Where and when what caused it was recorded"),
          resolved: z.object({ ...pointShape.shape, how: z.string() }).nullable(),
          id: z.string(),
          wasRaised: z.boolean().describe("Whether it was raised"),
        }),
      )
      .describe(`The first ${most}`),
  }),
  route: { method: "POST", path: "/api/v1/backtest" },
  command: {
    name: "backtest",
    positional: ["[rule]"],
    files: ["define"],
    examples: ["backtest service-failed --from -30d", "backtest --define @rule.yaml", "backtest --from -7d --to -1d"],
  },
  async run(call, input) {
    const { fleet, signal, progress } = call
    const rules = await rulesAsked(call, input.rule, input.define)
    const from = input.from === undefined ? undefined : await resolveBeginning(fleet, input.from)
    const to = await resolvePoint(fleet, input.to)
    const begin = from ?? {
      position: origin,
      time: to.position === origin ? to.time : await fleet.ledger.timeOf(0 as Position),
    }
    mustBeInOrder({ from: begin, to })
    const found = await rehearse(rules, fleet, {
      after: begin.position,
      upTo: to,
      signal,
      progress: (done, total) => progress(done, total, "positions"),
    })
    const items = []
    for (const { id, rule, severity, title, about: whom, count = 1, raised, resolved } of found.slice(0, most)) {
      const { kind, id: entity = null, name = null, part = null } = whom
      const wasRaised = (await fleet.views.alerts.one(id, to)) !== undefined
      const about = { kind, id: entity, name, part }
      items.push({ rule, severity, title, about, count, raised, resolved, id, wasRaised })
    }
    return {
      rules: rules.map(({ name }) => name),
      from: begin,
      to,
      raised: found.length,
      open: found.filter(({ resolved }) => resolved === null).length,
      items,
    }
  },
})

/** @throws FleetError `InvalidInput`, `NotFound` with the nearest name */
async function rulesAsked(
  { fleet }: Call,
  name: string | undefined,
  define: string | undefined,
): Promise<readonly Rule[]> {
  if (define !== undefined) return (await ownRulesIn(define)).map(ownRule)
  const all = rulesOf(fleet.config.alerts, fleet.every)
  if (name === undefined) return all
  const found = all.filter((rule) => rule.name === name)
  if (found.length > 0) return found
  const names = all.map((rule) => rule.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `there are ${names.slice(0, 20).join(", ")}` : `did you mean "${near}"?`
  throw new FleetError("NotFound", `there is no rule "${name.slice(0, 80)}"; ${hint}`)
}
