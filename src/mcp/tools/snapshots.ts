/** Points in time with names. */
import * as z from "zod"
import { snapshotType } from "#events/snapshot.js"
import { at } from "#operations/define.js"
import { snapshotCompare } from "#operations/snapshot-compare.js"
import { snapshotCreate, snapshotList, snapshotReference } from "#operations/snapshots.js"
import { pageThatFits, paging } from "../pages.js"
import { known, nextShape, pointShape, tool } from "../tool.js"

export const listSnapshots = tool({
  name: "list_snapshots",
  title: "Snapshots",
  description: "Named points in time, newest first. Every `at` takes them as snapshot:NAME.",
  uses: [snapshotList],
  input: z.object({ snapshot_type: snapshotType.optional(), ...paging, at }),
  output: z.object({
    at: pointShape,
    items: z.array(z.looseObject({ name: z.string(), type: z.string(), point: pointShape })),
    next: nextShape,
  }),
  run: (ask, { snapshot_type: type, ...input }) => pageThatFits(ask, snapshotList, { type, ...input }, known),
})

const perKind = z.looseObject({})
const listed = z.object({ count: z.number(), items: z.array(z.looseObject({})) })

export const compareSnapshots = tool({
  name: "compare_snapshots",
  title: "Compare snapshots",
  description:
    "What became of the fleet between two snapshots, or since one: counts, change of health, losses by weight, what got worse and what better. diff_inventory says which fields.",
  uses: [snapshotCompare],
  input: z.object({
    snapshot_a: snapshotReference,
    snapshot_b: snapshotReference.optional().describe("Name of a snapshot; `at` (now) without it"),
    limit: z.int().min(1).max(1_000).default(15).describe("Most items in each list"),
    at,
  }),
  output: z.object({
    at: pointShape,
    from: pointShape,
    to: pointShape,
    summary: z.object({ created: perKind, modified: perKind, removed: perKind }),
    health: z.looseObject({ scoreChange: z.number().nullable() }),
    criticalChanges: listed,
    potentialIssues: listed,
    improvements: listed,
  }),
  run: (ask, { snapshot_a: from, snapshot_b: to, ...input }) => ask(snapshotCompare, { from, to, ...input }),
})

export const createInventorySnapshot = tool({
  name: "create_inventory_snapshot",
  title: "Name a point in time",
  description: "Gives a point in time (now, or `at`) a name to compare with later. Copies nothing.",
  uses: [snapshotCreate],
  writes: { idempotent: false, openWorld: false },
  input: z.object({
    name: z.string().min(1).max(100),
    description: z.string().min(1).max(1_000).optional(),
    snapshot_type: snapshotType.default("manual"),
    tags: z.array(z.string().max(100)).max(20).default([]),
    at,
  }),
  output: z.object({
    name: z.string(),
    point: pointShape,
    expiresAt: z.string().nullable(),
    position: z.number().describe("Of the event that says so"),
  }),
  run: (ask, { snapshot_type: type, tags, ...input }) =>
    ask(snapshotCreate, { ...input, type, tags: tags.length === 0 ? undefined : tags.join(",") }),
})
