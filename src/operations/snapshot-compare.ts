/** What became of the fleet since a snapshot, and whether that is good. */
import * as z from "zod"
import { role } from "#events/facets/target.js"
import type { Fleet } from "#fleet.js"
import type { Point } from "#kernel/point.js"
import type { Kind } from "#projections/inventory/read.js"
import { difference } from "#timeline/diff/diff.js"
import type { EntityDiff } from "#timeline/diff/item.js"
import { type HealthTotals, healthTotals } from "#timeline/health.js"
import { impactOf } from "#timeline/impact.js"
import { findSnapshot } from "#timeline/snapshot.js"
import { query } from "./define.js"
import { entityShape, healthTotalsShape, limit, pointShape } from "./shapes.js"
import { snapshotReference } from "./snapshots.js"

const perKind = z.object({ target: z.int(), service: z.int(), stack: z.int() })
const doing = z.object({ status: z.string(), score: z.number().nullable() })
const turns = listed(
  z.object({
    entity: entityShape,
    before: doing,
    after: doing,
    reasons: z.array(z.string()).describe("What is wrong with it now"),
  }),
)

export const snapshotCompare = query({
  name: "snapshot compare",
  summary: "Compare the fleet at two snapshots, or now with one: what changed, and what that means for its health",
  scope: "read",
  input: z.object({
    from: snapshotReference,
    to: snapshotReference.optional().describe("Name of a snapshot; `at` (now) without it"),
    limit: limit.describe("Most items in each list"),
  }),
  output: z.object({
    from: pointShape,
    to: pointShape,
    summary: z.object({ created: perKind, modified: perKind, removed: perKind }),
    health: z.object({
      before: healthTotalsShape,
      after: healthTotalsShape,
      scoreChange: z.number().nullable().describe("Of the average"),
      healthyChange: z.int(),
      unhealthyChange: z.int().describe("Of those with a warning and those that are critical"),
    }),
    criticalChanges: listed(
      z.object({
        entity: entityShape,
        loss: z.enum(["removed", "failed", "critical", "stopped"]),
        role: role.nullable(),
        dependants: z.int().describe("How many depended on it"),
        weight: z
          .number()
          .describe("By what happened, what the machine is for and what depended on it; heaviest first"),
      }),
    ),
    potentialIssues: turns.describe("A worse status, or a score that dropped by more than 0.2"),
    improvements: turns,
  }),
  route: { method: "GET", path: "/api/v1/snapshots/{from}/comparison" },
  command: {
    name: "snapshot compare",
    positional: ["from", "[to]"],
    examples: ["snapshot compare before-upgrade", "snapshot compare before-upgrade after-upgrade --output json"],
  },
  async run({ fleet, point }, input) {
    const { views } = fleet
    const from = await named(fleet, input.from)
    const to = input.to === undefined ? point : await named(fleet, input.to)
    const found = await difference(views, fleet.ledger, {
      from: from.position,
      to: to.position,
    })
    const items: EntityDiff[] = []
    for await (const item of found.items() ?? []) items.push(item)
    const [before, after] = [await views.entities.scores(from.position), await views.entities.scores(to.position)]
    const ends = { from: { ...from, health: before }, to: { ...to, health: after } }
    const { critical, issues, improvements } = await impactOf(views, ends, items)
    const first = <T>(all: readonly T[]) => ({ count: all.length, items: all.slice(0, input.limit) })
    return {
      from,
      to,
      summary: {
        created: counted(items, "created"),
        modified: counted(items, "modified"),
        removed: counted(items, "removed"),
      },
      health: changed(healthTotals(before), healthTotals(after)),
      criticalChanges: first(critical),
      potentialIssues: first(issues),
      improvements: first(improvements),
    }
  },
})

/** As `--at snapshot:NAME` understands it: by the names there are now, whatever `at` is. */
async function named(fleet: Fleet, name: string): Promise<Point> {
  const { position } = await fleet.ledger.head()
  await fleet.reached(position)
  return (await findSnapshot(fleet.views, name, position)).point
}

function counted(items: readonly EntityDiff[], change: EntityDiff["change"]) {
  const of = (kind: Kind) => items.filter((item) => item.change === change && item.entity.kind === kind).length
  return { target: of("target"), service: of("service"), stack: of("stack") }
}

function listed<S extends z.ZodType>(item: S) {
  return z.object({ count: z.int(), items: z.array(item) })
}

function changed(before: HealthTotals, after: HealthTotals) {
  const isKnown = before.average !== null && after.average !== null
  return {
    before,
    after,
    scoreChange: isKnown ? Math.round(((after.average ?? 0) - (before.average ?? 0)) * 1_000) / 1_000 : null,
    healthyChange: after.healthy - before.healthy,
    unhealthyChange: after.warning + after.critical - before.warning - before.critical,
  }
}
