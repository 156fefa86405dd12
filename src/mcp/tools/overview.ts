/** How the fleet is doing in one answer: what there is, what is wrong with it, who tells of it. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import { count } from "#operations/count.js"
import { at } from "#operations/define.js"
import { status } from "#operations/status.js"
import { type Ask, known, pointShape, tool } from "../tool.js"
import { usesOfWrong, whatIsWrong, wrongShape } from "./wrong.js"

interface Counted {
  readonly at: { readonly time: string }
  readonly total: number
  readonly counts: Readonly<Record<string, readonly object[]>>
}

interface Status {
  readonly ledger: { readonly events: number; readonly sealed: number }
  readonly views: { readonly lag: number; readonly state: string }
  readonly sources: readonly (JsonObject & { readonly run: JsonObject | null })[]
}

/** Of the values of one field, and of sources. */
const most = 12

const counted = z.looseObject({ total: z.number() })

export const getFleetOverview = tool({
  name: "get_fleet_overview",
  title: "Fleet overview",
  description:
    "Start here: how many machines, services and stacks there are, by role, status, health (by what was seen last, without checks and age: get_unhealthy_targets judges), operating system, runtime and source; failing checks, open alerts; when each source was looked at last.",
  uses: [count, status, ...usesOfWrong],
  input: z.object({ at }),
  output: z.object({
    at: pointShape,
    targets: counted,
    services: counted,
    stacks: counted,
    ...wrongShape,
    sources: z.object({
      total: z.number(),
      failed: z.number(),
      items: z.array(z.looseObject({ name: z.string(), lastSeen: z.string().optional() })).describe("The worst first"),
    }),
    ledger: z.looseObject({ events: z.number(), sealed: z.number() }),
    views: z.looseObject({ state: z.string(), lag: z.number() }),
  }),
  async run(ask, input) {
    const targets = await countOf(ask, "target", "role,status,health,os,environment,source", input.at)
    const point = { at: input.at ?? targets.at.time }
    const services = await countOf(ask, "service", "status,runtime", point.at)
    const stacks = await countOf(ask, "stack", "runtime", point.at)
    const { ledger, views, sources } = await ask<Status>(status, point)
    return {
      at: targets.at,
      targets: told(targets),
      services: told(services),
      stacks: told(stacks),
      ...(await whatIsWrong(ask, point.at)),
      sources: sourcesOf(sources),
      ledger: { events: ledger.events, sealed: ledger.sealed },
      views: { state: views.state, lag: views.lag },
    }
  },
})

function countOf(ask: Ask, kind: string, by: string, point: string | undefined): Promise<Counted> {
  return ask<Counted>(count, { kind, by, at: point })
}

/** Those whose last look failed first, then those that have not been looked at for longest. */
function sourcesOf(sources: Status["sources"]) {
  const all = sources.map(({ run, ...source }): JsonObject => ({ ...source, outcome: run?.["outcome"] ?? null }))
  const isFailed = ({ outcome }: JsonObject) => outcome === "failed"
  const order = (source: JsonObject) => `${isFailed(source) ? 0 : 1} ${JSON.stringify(source["lastSeen"] ?? "")}`
  const worst = all.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  return { total: all.length, failed: all.filter(isFailed).length, items: worst.slice(0, most).map(known) }
}

function told({ total, counts }: Counted) {
  return {
    total,
    counts: Object.fromEntries(Object.entries(counts).map(([field, values]) => [field, values.slice(0, most)])),
  }
}
