/** Rules of what is expected: showing and adopting them, and trying them without adopting them. */
import { createRequire } from "node:module"
import type * as yaml from "yaml"
import * as z from "zod"
import { type BaselineRule, baselineRule } from "#events/baseline.js"
import { configured } from "#drift/configured.js"
import { declare } from "#drift/declare.js"
import { judgedBy } from "#drift/drift.js"
import { longestFile, rulesIn } from "#drift/rules-file.js"
import { starterRules } from "#drift/starter.js"
import { FleetError } from "#kernel/errors.js"
import { resolvePoint } from "#timeline/resolve.js"
import { baselineName, findBaseline, why } from "./baselines.js"
import { at, command, query } from "./define.js"
import { driftShape, told } from "./drift.js"
import { flag, limit } from "./shapes.js"

const text = z
  .string()
  .max(longestFile)
  .optional()
  .describe("The rules in YAML; @FILE reads them from a file, @- from standard input")
const starter = flag.describe("The rules that come with the program")

export const rules = query({
  name: "rules",
  summary: "Show the rules of a baseline, or those that come with the program, as YAML to be edited and adopted",
  scope: "read",
  input: z.object({
    name: z.string().max(100).optional().describe("Name of a baseline that consists of rules; all of them without it"),
    starter,
  }),
  output: z.object({
    items: z.array(baselineRule.extend({ baseline: z.string().nullable() })),
    next: z.null(),
    yaml: z.string(),
  }),
  route: { method: "GET", path: "/api/v1/rules" },
  command: {
    name: "rules",
    positional: ["[name]"],
    examples: ["rules", "rules production --at -7d", "rules --starter > rules.yaml"],
  },
  async run({ fleet, point }, { name, starter: isStarter }) {
    if (isStarter) {
      const shipped = await rulesIn(starterRules)
      return { items: shipped.map((rule) => ({ baseline: null, ...rule })), next: null, yaml: starterRules }
    }
    const declared =
      name === undefined
        ? await fleet.views.baselines.at(point.position)
        : [await findBaseline(fleet.views, name, point.position)]
    const items = declared.flatMap(({ name: of, baseline }) =>
      baseline.of === "rules" ? baseline.rules.map((rule) => ({ baseline: of, ...rule })) : [],
    )
    return { items, next: null, yaml: yamlOf(items.map(({ baseline: _, ...rule }) => rule)) }
  },
})

export const rulesAdopt = command({
  name: "rules adopt",
  summary:
    "Say that rules are in force, in the place of those of the same name; what is not understood changes nothing",
  scope: "operate",
  input: z.object({ name: baselineName, rules: text, starter, reason: why }),
  output: z.object({ name: z.string(), rules: z.int(), changed: z.boolean(), position: z.int() }),
  route: { method: "POST", path: "/api/v1/baselines/{name}/rules" },
  command: {
    name: "rules adopt",
    positional: ["name", "[rules]"],
    files: ["rules"],
    examples: ["rules adopt production @rules.yaml", "rules adopt usual --starter"],
  },
  async run({ fleet, principal }, { name, reason, ...input }) {
    if (name === configured)
      throw new FleetError("InvalidInput", `"${configured}" is what the configuration's own rules are called`)
    const given = await rulesGiven(input)
    const metadata = { actor: principal.name, ...(reason !== undefined && { reason }) }
    const said = await declare(fleet, name, { of: "rules", rules: [...given] }, metadata)
    return { name, rules: given.length, ...said }
  },
})

export const rulesCheck = command({
  name: "rules check",
  summary: "Try rules without adopting them: what would not be as they say, now or at a point in time",
  scope: "read",
  input: z.object({ rules: text, starter, at, unknown: flag.describe("Include what cannot be said"), limit }),
  output: z.object({
    at: z.object({ position: z.int(), time: z.iso.datetime() }),
    rules: z.array(z.object({ rule: z.string(), drift: z.int(), unknown: z.int() })),
    items: z.array(driftShape),
    total: z.int(),
  }),
  route: { method: "POST", path: "/api/v1/rules/check" },
  command: {
    name: "rules check",
    positional: ["[rules]"],
    files: ["rules"],
    examples: ["rules check @rules.yaml", "rules check --starter --at -7d"],
  },
  async run({ fleet }, { unknown, limit: most, ...input }) {
    const given = await rulesGiven(input)
    const point = await resolvePoint(fleet, input.at)
    await fleet.reached(point.position)
    const judged = { name: "tried", baseline: { of: "rules" as const, rules: [...given] } }
    const { rows } = await judgedBy(fleet.views, point.position, [judged])
    const count = (name: string, verdict: string) =>
      rows.filter((row) => row.rule === name && row.verdict === verdict).length
    const counted = given.map(({ name }) => ({
      rule: name,
      drift: count(name, "drift"),
      unknown: count(name, "unknown"),
    }))
    const listed = unknown ? rows : rows.filter(({ verdict }) => verdict === "drift")
    return { at: point, rules: counted, items: await told(fleet, listed.slice(0, most)), total: listed.length }
  },
})

async function rulesGiven(input: { rules?: string | undefined; starter: boolean }): Promise<readonly BaselineRule[]> {
  if ((input.rules === undefined) !== input.starter)
    throw new FleetError(
      "InvalidInput",
      'give the rules as "rules" in YAML, or say "starter" for those that come with the program',
    )
  return rulesIn(input.rules ?? starterRules)
}

/** In the order in which a person writes it. Its printer is loaded by who wants it. */
function yamlOf(value: readonly BaselineRule[]): string {
  const { stringify } = createRequire(import.meta.url)("yaml") as typeof yaml
  const inOrder = value.map(({ name, kind, where, expect, severity, text: said }) => ({
    name,
    kind,
    where,
    expect,
    severity,
    text: said,
  }))
  return stringify({ rules: inOrder }, { aliasDuplicateObjects: false })
}
