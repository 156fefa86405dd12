/** Naming points of the ledger: to compare with later, and to ask for as `--at snapshot:NAME`. */
import * as z from "zod"
import { snapshotName, snapshotType } from "#events/snapshot.js"
import { tagName } from "#events/facets/target.js"
import { epochMs, instant } from "#kernel/clock.js"
import { parseDuration } from "#kernel/duration.js"
import { FleetError } from "#kernel/errors.js"
import { type Point, position } from "#kernel/point.js"
import type { Snapshot } from "#projections/snapshots/read.js"
import { deleteSnapshots, takeSnapshot } from "#snapshots/take.js"
import { healthTotalsAt } from "#timeline/health.js"
import { resolvePoint } from "#timeline/resolve.js"
import { findSnapshot } from "#timeline/snapshot.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { at, command, query } from "./define.js"
import { cursor, flag, healthTotalsShape, limit, listOf, pointShape } from "./shapes.js"

/** As it is given: what is no name is not found, with the nearest that is. */
export const snapshotReference = z.string().min(1, "a name").max(100, "a name").describe("Name of a snapshot")

const item = z.object({
  name: z.string(),
  type: snapshotType,
  description: z.string().nullable(),
  tags: z.array(z.string()),
  point: pointShape.describe("What it names"),
  takenAt: z.iso.datetime(),
  takenBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  expired: z.boolean(),
})

const longestMs = 100 * 366 * 86_400_000

export const snapshotCreate = command({
  name: "snapshot create",
  summary:
    "Give a point in time a name, to compare with later and to ask for as `--at snapshot:NAME`; nothing is copied",
  scope: "operate",
  input: z.object({
    name: snapshotName.describe("What to call it"),
    type: snapshotType.default("manual").describe(`What it is for: ${snapshotType.options.join(", ")}`),
    tags: z.string().max(1_000).optional().describe("Tags, separated by commas"),
    description: z.string().min(1).max(1_000).optional().describe("For whoever reads the list"),
    expires: z
      .string()
      .max(20)
      .optional()
      .describe(
        "How long it is kept, like 12h or 30d, or never for as long as nobody deletes it; without it as is configured for its type",
      ),
    at: at.describe("Point in time that it names, like -2h; now without it"),
  }),
  output: z.object({ name: z.string(), point: pointShape, expiresAt: z.iso.datetime().nullable(), position: z.int() }),
  route: { method: "POST", path: "/api/v1/snapshots" },
  command: {
    name: "snapshot create",
    positional: ["name"],
    examples: [
      "snapshot create before-upgrade --type pre_deployment --tags web,db",
      "snapshot create last-good --at -2h --expires 30d",
    ],
  },
  async run({ fleet, principal }, { name, type, description, ...input }) {
    const tags = tagsOf(input.tags)
    const life = input.expires === undefined ? fleet.config.retention.snapshots[type] : lifeOf(input.expires)
    const point = await resolvePoint(fleet, input.at)
    const expiresAt = life === undefined ? undefined : instant(epochMs(fleet.clock.now()) + life)
    const taking = {
      name,
      type,
      tags,
      point,
      ...(description !== undefined && { description }),
      ...(expiresAt !== undefined && { expiresAt }),
    }
    const taken = await takeSnapshot(fleet, taking, { actor: principal.name })
    return { name, point, expiresAt: expiresAt ?? null, position: taken }
  },
})

export const snapshotList = query({
  name: "snapshot list",
  summary: "List snapshots, newest first",
  scope: "read",
  input: z.object({
    type: snapshotType.optional().describe("Only those of this type"),
    tag: z.string().max(100).optional().describe("Only those with this tag"),
    text: z.string().min(1).max(200).optional().describe("Only those with this in their name or description"),
    expired: flag.describe("Include those that have expired"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/snapshots" },
  command: {
    name: "snapshot list",
    positional: [],
    examples: ["snapshot list", "snapshot list --type pre_deployment --tag web", "snapshot list --at -30d"],
  },
  async run({ fleet, point }, input) {
    const [key] = input.cursor === undefined ? [point.position + 1] : decodeCursor(input.cursor).key
    if (typeof key !== "number" || !Number.isSafeInteger(key) || key < 0) throw wrongCursor()
    const page = await fleet.views.snapshots.page({
      at: point.position,
      before: position(key),
      limit: input.limit + 1,
      type: input.type,
      tag: input.tag,
      text: input.text,
      aliveAt: input.expired ? undefined : point.time,
    })
    const shown = page.slice(0, input.limit)
    const last = shown.at(-1)
    const more = page.length > shown.length && last !== undefined
    return { items: shown.map((found) => told(found, point)), next: more ? encodeCursor(point, [last.taken]) : null }
  },
})

export const snapshotShow = query({
  name: "snapshot show",
  summary: "Show a snapshot, with what there was at its point and how that was doing",
  scope: "read",
  input: z.object({ name: snapshotReference }),
  output: z.object({
    snapshot: item,
    totals: z.object({ target: z.int(), service: z.int(), stack: z.int() }),
    health: healthTotalsShape,
  }),
  route: { method: "GET", path: "/api/v1/snapshots/{name}" },
  command: { name: "snapshot show", positional: ["name"], examples: ["snapshot show before-upgrade"] },
  async run({ fleet: { views }, point }, { name }) {
    const snapshot = await findSnapshot(views, name, point.position)
    return {
      snapshot: told(snapshot, point),
      totals: await views.entities.totals(snapshot.point.position),
      health: healthTotalsAt(views, snapshot.point.position),
    }
  },
})

export const snapshotDelete = command({
  name: "snapshot delete",
  summary: "Free a snapshot's name; what it named stays in the ledger as it was",
  scope: "operate",
  input: z.object({
    name: snapshotReference,
    reason: z.string().min(1).max(500).optional().describe("Why, for whoever reads the ledger"),
  }),
  output: z.object({ name: z.string(), point: pointShape.describe("What it named"), position: z.int() }),
  route: { method: "DELETE", path: "/api/v1/snapshots/{name}" },
  command: {
    name: "snapshot delete",
    positional: ["name"],
    examples: ['snapshot delete before-upgrade --reason "the upgrade went well"'],
  },
  async run({ fleet, principal }, { name, reason }) {
    const { deleted, position: said } = await deleteSnapshots(
      fleet,
      async (known) => [await findSnapshot(fleet.views, name, known)],
      { actor: principal.name, ...(reason !== undefined && { reason }) },
    )
    return { name, point: deleted[0]?.point, position: said }
  },
})

function told({ taken: _taken, deleted: _deleted, ...snapshot }: Snapshot, { time }: Point) {
  return { ...snapshot, expired: snapshot.expiresAt !== null && snapshot.expiresAt <= time }
}

/** @throws FleetError `InvalidInput` */
function tagsOf(text: string | undefined): string[] {
  const tags = [...new Set((text ?? "").split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "")
  const wrong = tags.find((tag) => !tagName.safeParse(tag).success)
  if (wrong !== undefined || tags.length > 100) {
    throw new FleetError(
      "InvalidInput",
      `"tags" is wrong: up to 100 of up to 100 characters, without spaces, separated by commas`,
    )
  }
  return tags
}

/** @throws FleetError `InvalidInput` */
function lifeOf(text: string): number | undefined {
  if (text === "never") return undefined
  const life = parseDuration(text)
  if (life !== undefined && life >= 60_000 && life <= longestMs) return life
  throw new FleetError(
    "InvalidInput",
    `"expires" is "${text}"; allowed is a time of at least 1m, like 12h or 30d, or never`,
  )
}
