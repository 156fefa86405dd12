/** What the fleet is meant to be like: pinning how it is, listing and withdrawing what was said. */
import * as z from "zod"
import { alertSeverity } from "#events/alert.js"
import { configured } from "#drift/configured.js"
import { declare, withdraw } from "#drift/declare.js"
import { conditionsOf } from "#drift/where.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import type { Position } from "#kernel/point.js"
import type { DeclaredBaseline } from "#projections/baselines/read.js"
import { kinds } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { resolvePoint } from "#timeline/resolve.js"
import { at, command, query } from "./define.js"
import { fieldPaths } from "./fields.js"
import { listOf, pointShape } from "./shapes.js"

const allowed = "lower-case letters, digits and . _ -, 63 at most, the first a letter or a digit"
export const baselineName = z
  .string(allowed)
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, allowed)
  .describe("What it is called; what was declared under that name before is so no more")
export const why = z.string().min(1).max(500).optional().describe("Why; stays in the ledger for ever")
const where = z.string().max(2_000)

export const baselines = query({
  name: "baselines",
  summary: "List what the fleet is meant to be like: pinned points and sets of rules, with who declared them",
  scope: "read",
  input: z.object({}),
  output: listOf(
    z.object({
      name: z.string(),
      of: z.enum(["point", "rules"]),
      point: pointShape.nullable().describe("What was pinned"),
      snapshot: z.string().nullable(),
      where: z.string().nullable(),
      fields: z.array(z.string()).nullable(),
      severity: alertSeverity.nullable(),
      rules: z.int().nullable().describe("How many"),
      since: pointShape,
      actor: z.string(),
      reason: z.string().nullable(),
    }),
  ),
  route: { method: "GET", path: "/api/v1/baselines" },
  command: { name: "baselines", positional: [], examples: ["baselines", "baselines --at -7d"] },
  async run({ fleet, point }) {
    const declared = await fleet.views.baselines.at(point.position)
    return { items: declared.map(listed), next: null }
  },
})

export const pin = command({
  name: "pin",
  summary: "Say that the fleet, or what a query finds, is meant to stay as it is at a point in time",
  scope: "operate",
  input: z.object({
    name: baselineName,
    at: at.describe("Point in time that is pinned, like -2h or snapshot:NAME; now without it"),
    q: where.optional().describe("Only what this asks for, at that point or now: role:production runtime:docker"),
    field: z
      .string()
      .max(5_000)
      .optional()
      .describe(
        "Only these fields and what is in them, separated by commas: os.kernel,packages; without it, all that is not a passing state",
      ),
    severity: alertSeverity.default("warning").describe(`How much it matters: ${alertSeverity.options.join(" or ")}`),
    reason: why,
  }),
  output: z.object({ name: z.string(), point: pointShape, position: z.int(), changed: z.boolean() }),
  route: { method: "POST", path: "/api/v1/baselines/{name}/pin" },
  command: {
    name: "pin",
    positional: ["name"],
    examples: [
      "pin golden",
      "pin release-12 --at snapshot:after-release --q 'target.role:production' --severity critical",
      "pin kernels --field os.kernel,packages --reason 'freeze until January'",
    ],
  },
  async run({ fleet, principal }, { name, q, field, severity, reason, ...input }) {
    await conditionsOf(q, kinds)
    const point = await resolvePoint(fleet, input.at)
    await fleet.reached(point.position)
    const fields = await fieldPaths(fleet.views, field ?? "")
    const snapshot = /^snapshot:(.+)$/s.exec(input.at ?? "")?.[1]
    const baseline = {
      of: "point" as const,
      ...point,
      ...(snapshot !== undefined && { snapshot }),
      ...(q !== undefined && q.trim() !== "" && { where: q }),
      ...(fields.length > 0 && { fields: [...fields] }),
      severity,
    }
    const said = await declare(fleet, name, baseline, {
      actor: principal.name,
      ...(reason !== undefined && { reason }),
    })
    return { name, point, ...said }
  },
})

export const withdrawBaseline = command({
  name: "withdraw",
  summary: "Withdraw a baseline: nothing is held against it any more",
  scope: "operate",
  input: z.object({ name: z.string().min(1).max(100).describe("Name of a baseline"), reason: why }),
  output: z.object({ name: z.string(), position: z.int() }),
  route: { method: "DELETE", path: "/api/v1/baselines/{name}" },
  command: { name: "withdraw", positional: ["name"], examples: ["withdraw golden --reason 'the release is over'"] },
  async run({ fleet, principal }, { name, reason }) {
    const { position: head } = await fleet.ledger.head()
    await fleet.reached(head)
    await findBaseline(fleet.views, name, head)
    if (name === configured && fleet.config.drift.rules.length > 0) {
      throw new FleetError("InvalidInput", 'the configuration declares it; take "drift.rules" out of that')
    }
    const { position } = await withdraw(fleet, name, {
      actor: principal.name,
      ...(reason !== undefined && { reason }),
    })
    return { name, position }
  },
})

/** @throws FleetError `NotFound` with the nearest name */
export async function findBaseline(views: ViewsReader, name: string, position: Position): Promise<DeclaredBaseline> {
  const found = await views.baselines.named(name, position)
  if (found !== undefined) return found
  const names = (await views.baselines.at(position)).map((one) => one.name)
  const near = nearest(name, names)
  const some =
    names.length === 0 ? '"fleet-ledger pin NAME" declares one' : `there are ${names.slice(0, 10).join(", ")}`
  const hint = near === undefined ? some : `did you mean "${near}"?`
  throw new FleetError("NotFound", `there is no baseline "${name.slice(0, 80)}"; ${hint}`)
}

function listed({ name, baseline, since: position, time, actor, reason }: DeclaredBaseline) {
  const common = { name, since: { position, time }, actor, reason }
  if (baseline.of === "rules") {
    const none = { point: null, snapshot: null, where: null, fields: null, severity: null }
    return { ...common, of: baseline.of, ...none, rules: baseline.rules.length }
  }
  const { of, snapshot = null, where: q = null, fields = null, severity, ...point } = baseline
  return { ...common, of, point, snapshot, where: q, fields, severity, rules: null }
}
