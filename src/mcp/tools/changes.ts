/** What changed, who did it, and whether the record of it holds. */
import * as z from "zod"
import { severities } from "#events/severity.js"
import { FleetError } from "#kernel/errors.js"
import type { JsonObject } from "#kernel/json.js"
import { blame } from "#operations/blame.js"
import { changes } from "#operations/changes.js"
import { at } from "#operations/define.js"
import { diff } from "#operations/diff.js"
import { fieldReference } from "#operations/fields.js"
import { history } from "#operations/history.js"
import { entityReference } from "#operations/shapes.js"
import { verify } from "#operations/verify.js"
import { longest } from "#query/parse.js"
import { groupings } from "#timeline/diff/groups.js"
import { type Page, pageThatFits, paging } from "../pages.js"
import { type Ask, entityShape, known, nextShape, pointShape, tool } from "../tool.js"

/** Of one change; the rest is for whoever asks about it. */
const mostFields = 8

const fieldChange = z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })

/** Without what is nobody's, and with no more fields than one reads. */
function shortChange(item: JsonObject): JsonObject {
  const { changes: all, patch: _patch, ...rest } = item
  const fields = Array.isArray(all) ? all : []
  const more = fields.length - mostFields
  return { ...known(rest), changes: fields.slice(0, mostFields), ...(more > 0 && { moreChanges: more }) }
}

export const diffInventory = tool({
  name: "diff_inventory",
  title: "Compare two points in time",
  description:
    "What differs between two points in time: of the fleet, of one machine with what runs on it, or one machine against another (entity, against). Counts first, then each entity with its fields before and after.",
  uses: [diff],
  input: z.object({
    from: z.string().max(100).describe("Point in time, like -1d or snapshot:NAME"),
    to: z.string().max(100).optional().describe("Point in time; `at` (now) without it"),
    entity: entityReference.optional().describe("Only this: name or id"),
    against: entityReference.optional().describe("Another of the same kind, at `to`"),
    query: z.string().max(longest).optional().describe("Only what this asks for, as in search_fleet"),
    field: fieldReference.optional().describe("Only changes of it: os.kernel, packages.pkg:nginx, network"),
    by: z.enum(groupings).default("entity"),
    ...paging,
    at,
  }),
  output: z.object({
    at: pointShape,
    from: pointShape,
    to: pointShape,
    summary: z.object({ created: z.number(), modified: z.number(), removed: z.number() }),
    groups: z.array(z.looseObject({ group: z.string().nullable() })),
    items: z.array(z.looseObject({ entity: entityShape, change: z.string(), changes: z.array(fieldChange) })),
    next: nextShape,
  }),
  run: (ask, { query: q, ...input }) => pageThatFits(ask, diff, { q, ...input }, shortChange),
})

interface Changes extends Page {
  readonly at: object
}

export const explainChange = tool({
  name: "explain_change",
  title: "Who changed what, when and why",
  description:
    "Changes, newest first, with position, event id, before and after, source, and who did it where the source knows (by, reason). Of the fleet, of an entity with what runs on it, of one field (which also says since when it is what it is), or the one at a position that another answer cited.",
  uses: [history, blame, changes],
  input: z.object({
    entity: entityReference.optional().describe("Name or id"),
    field: fieldReference.optional().describe("os.kernel, packages.pkg:nginx, network; needs `entity`"),
    position: z.int().min(0).optional().describe("Only the change at this position"),
    since: z.string().max(100).optional().describe("Point in time"),
    until: z.string().max(100).optional().describe("Point in time"),
    severity: z.enum(severities).optional().describe("This or worse"),
    ...paging,
    at,
  }),
  output: z.object({
    at: pointShape,
    fields: z
      .array(z.looseObject({ path: z.string(), value: z.unknown(), position: z.number(), event: z.string() }))
      .optional()
      .describe("The fields as they are, and what wrote each last"),
    items: z.array(
      z.looseObject({
        position: z.number(),
        event: z.string(),
        type: z.string(),
        recordedAt: z.string(),
        entity: entityShape,
        actor: z.string(),
        changes: z.array(fieldChange),
      }),
    ),
    next: nextShape,
  }),
  async run(ask, { position, ...input }) {
    if (position !== undefined) return changeAt(ask, position, input.at)
    if (input.field !== undefined && input.entity === undefined)
      throw new FleetError("InvalidInput", '"field" needs "entity", which it is a field of')
    const page = await pageThatFits<Changes>(ask, history, input, shortChange)
    if (input.field === undefined || input.cursor !== undefined) return page
    const { entity, field, at: asked } = input
    const { items } = await ask<{ items: JsonObject[] }>(blame, { entity, field, at: asked, limit: 10 })
    return { ...page, fields: items.map(known) }
  },
})

async function changeAt(ask: Ask, position: number, asked: string | undefined) {
  const { at: point, items } = await ask<Changes>(changes, { after: position - 1, limit: 1, at: asked })
  const [item] = items
  if (item?.["position"] !== position)
    throw new FleetError("NotFound", `position ${position} is no change of an entity by the point that is asked for`)
  return { at: point, items: [shortChange(item)], next: null }
}

export const verifyHistory = tool({
  name: "verify_history",
  title: "Verify the history",
  description:
    "Derives the whole ledger anew and holds it against what was signed: says whether anything that was recorded was changed or taken away since, and names the first thing that is wrong. Takes seconds to minutes.",
  uses: [verify],
  input: z.object({
    checkpoint: z.string().max(4_000).optional().describe("A signed note that was kept elsewhere"),
    key: z.string().max(300).optional().describe("Verifier key to believe"),
  }),
  output: z.object({
    ok: z.boolean(),
    events: z.number(),
    root: z.string(),
    checkpoints: z.number(),
    redacted: z.number(),
    unread: z.array(z.looseObject({ message: z.string() })),
    wrong: z.object({ position: z.number().nullable(), message: z.string() }).nullable(),
  }),
  run: (ask, input) => ask(verify, input),
})
