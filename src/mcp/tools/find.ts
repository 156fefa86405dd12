/** Finding machines, services and stacks, and one of them whole. */
import * as z from "zod"
import { epochMs, type Instant, instant } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import { count } from "#operations/count.js"
import { at } from "#operations/define.js"
import { health as judging } from "#operations/health.js"
import { relations } from "#operations/relations.js"
import { search } from "#operations/search.js"
import { entityReference } from "#operations/shapes.js"
import { show } from "#operations/show.js"
import { targets } from "#operations/targets.js"
import { type Kind, kinds } from "#projections/inventory/read.js"
import { longest } from "#query/parse.js"
import { sizeOf } from "../fit.js"
import { type Page, mostOfItems, pageThatFits, paging } from "../pages.js"
import { type Ask, entityShape, known, nextShape, pointShape, tool } from "../tool.js"
import { neutral } from "../untrusted.js"
import { usesOfWrong, whatIsWrong, wrongShape } from "./wrong.js"

interface PageAt extends Page {
  readonly at: { readonly position: number; readonly time: Instant }
}

const totals = z.looseObject({}).optional().describe("How many there are, with the first page")

/** How many of each kind there are. */
async function totalsOf(ask: Ask, among: readonly Kind[], asked: Readonly<Record<string, unknown>>) {
  const counts: Partial<Record<Kind, number>> = {}
  for (const kind of among) counts[kind] = (await ask<{ total: number }>(count, { ...asked, kind, by: "status" })).total
  return counts
}

const found = z.looseObject({ entity: entityShape, target: entityShape.optional() })

export const searchFleet = tool({
  name: "search_fleet",
  title: "Search the fleet",
  description:
    'Find machines, services and stacks. The query is text: role:production, runtime:docker, status:failed, health<0.7, os:"Debian 12", package:openssl, port:443, tag:web, changed:>-7d, target.role:lab (the machine that a service is on), OR, -not, (…), or just words.',
  uses: [search, count],
  input: z.object({
    query: z.string().min(1).max(longest),
    entity_type: z.enum(["all", ...kinds]).default("all"),
    include_retired: z.boolean().default(false),
    ...paging,
    at,
  }),
  output: z.object({ at: pointShape, totals, items: z.array(found), next: nextShape }),
  async run(ask, { query: q, entity_type: kind, include_retired: retired, ...input }) {
    const page = await pageThatFits<PageAt>(ask, search, { q, kind, retired, ...input }, known)
    if (input.cursor !== undefined) return page
    const asked = { q, retired, at: input.at ?? page.at.time }
    return { ...page, totals: await totalsOf(ask, kind === "all" ? kinds : [kind], asked) }
  },
})

const machine = z.looseObject({ id: z.string(), name: z.string(), health: z.number().optional() })

/** What stands in a list of machines; the rest is for whoever asks about one. */
function machineOf(item: JsonObject): JsonObject {
  const { id, name, role, status, health, os, addresses, services, lastSeen, sources, resources } = item
  return known({ id, name, role, status, health, os, addresses, services, lastSeen, sources, resources })
}

interface JudgedAt extends PageAt {
  readonly counts: JsonObject
}

/** What is not known has no score, and comes behind all that is known to be wrong. */
function isBelow(threshold: number, { score }: JsonObject): boolean {
  return typeof score === "number" && score < threshold
}

const judged = z.looseObject({
  entity: entityShape,
  score: z.number(),
  status: z.string(),
  reasons: z.array(z.looseObject({ fact: z.string() })).optional(),
})

export const getUnhealthyTargets = tool({
  name: "get_unhealthy_targets",
  title: "Unhealthy machines",
  description:
    "Machines whose health score (0 to 1; 0.7 and more is healthy, below 0.3 critical) is below the threshold, worst first, with the reasons and the events that they rest on, checks that fail and open alerts. Counts what was not seen for long, checks and certificates too, which `health` in lists does not.",
  uses: [judging, ...usesOfWrong],
  input: z.object({ threshold: z.number().min(0).max(1).default(0.7), ...paging, at }),
  output: z.object({
    at: pointShape,
    items: z.array(judged),
    counts: z.looseObject({}).describe("Of all machines, by how they are judged; their average score"),
    next: nextShape,
    ...wrongShape,
  }),
  async run(ask, { threshold, ...input }) {
    const page = await pageThatFits<JudgedAt>(ask, judging, { kind: "target", ...input }, known)
    const items = page.items.filter((item) => isBelow(threshold, item))
    const next = items.length < page.items.length ? null : page.next
    const wrong = await whatIsWrong(ask, input.at ?? page.at.time)
    return { at: page.at, items, counts: page.counts, next, ...wrong }
  },
})

const hourMs = 3_600_000
/** Of machines, one page of a walk through all of them. */
const stride = 500

export const findStaleTargets = tool({
  name: "find_stale_targets",
  title: "Stale machines",
  description:
    "Machines that no complete look has seen for so many hours before the point in time, or never: what is known of them may not hold any more.",
  uses: [targets],
  input: z.object({ hours: z.number().min(0).max(1_000_000).default(24), ...paging, at }),
  output: z.object({ at: pointShape, before: z.string(), items: z.array(machine), next: nextShape }),
  async run(ask, { hours, limit, cursor, at: asked }) {
    let page = await ask<PageAt>(targets, { limit: stride, cursor, at: asked })
    const { at: point } = page
    const before = instant(epochMs(point.time) - hours * hourMs)
    const items: JsonObject[] = []
    let size = 0
    let from = cursor
    for (;;) {
      const isStale = ({ lastSeen }: JsonObject) => typeof lastSeen !== "string" || lastSeen < before
      for (const [i, item] of page.items.entries()) {
        if (!isStale(item)) continue
        const told = neutral(machineOf(item)) as JsonObject
        items.push(told)
        size += sizeOf(told)
        if (items.length < limit && size < mostOfItems) continue
        const upToHere = await ask<PageAt>(targets, { limit: i + 1, cursor: from, at: asked })
        return { at: point, before, items, next: upToHere.next }
      }
      if (page.next === null) return { at: point, before, items, next: null }
      from = page.next
      page = await ask<PageAt>(targets, { limit: stride, cursor: from })
    }
  },
})

export const showEntity = tool({
  name: "show_entity",
  title: "One machine, service or stack",
  description:
    "Everything known of one machine, service or stack: facets (identity, hardware, os, network, sockets, storage, security …), who tells of it, when it was last seen, measurements, what it runs on or what runs on it, checks of it that fail, open alerts. Packages only if `facets` names them.",
  uses: [show, relations, ...usesOfWrong],
  input: z.object({
    entity: entityReference.describe("Name or id; kind:NAME where a name is of several kinds"),
    facets: z.string().max(500).optional().describe("Only these facets, separated by commas: os,network"),
    at,
  }),
  output: z.object({
    at: pointShape,
    entity: entityShape,
    uri: z.string().optional().describe("As a resource"),
    target: entityShape.optional(),
    lifecycle: z.string(),
    lastSeen: z.string().optional(),
    records: z.array(z.looseObject({ id: z.string(), source: z.string() })).optional(),
    facets: z.looseObject({}),
    omitted: z.array(z.string()).optional(),
    measurements: z.looseObject({}),
    relations: z.array(z.object({ relation: z.string(), entity: entityShape })),
    ...wrongShape,
  }),
  run: (ask, { entity, facets, at: asked }) => entityAt(ask, entity, asked, facets),
})

interface Shown extends JsonObject {
  readonly at: { readonly position: number; readonly time: string }
  readonly entity: { readonly kind: string; readonly id: string; readonly name: string }
}

/** Mostly of one kind: what runs on a machine. */
const mostRelated = 60

export async function entityAt(ask: Ask, reference: string, asked: string | undefined, facets?: string) {
  const shown = await ask<Shown>(show, { entity: reference, facets, at: asked })
  const about = { entity: shown.entity.id, at: asked ?? shown.at.time }
  const related = await ask<{ items: JsonObject[] }>(relations, about)
  return {
    ...known(shown),
    entity: shown.entity,
    uri: uriOf(shown.entity, shown.at),
    relations: related.items.slice(0, mostRelated),
    ...(await whatIsWrong(ask, about.at, about.entity)),
  }
}

/** The resource that is an entity as of a point. */
export function uriOf({ kind, id }: Shown["entity"], { position }: Shown["at"]): string {
  return `fleet://${kind}/${id}?at=position:${position}`
}
