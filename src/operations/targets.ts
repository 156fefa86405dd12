/** The machines of the fleet as of a point. */
import * as z from "zod"
import { resourceStatus, lifecycle } from "#events/facets/target.js"
import type { TargetSummary } from "#projections/entities/summary.js"
import { recordsOfTarget } from "#timeline/target.js"
import { q } from "./asked.js"
import { query } from "./define.js"
import { oneByOne, pageOf, sort } from "./pages.js"
import { lastSeen } from "./seen.js"
import { cursor, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  lifecycle,
  role: z.string().nullable().describe("As it was assigned, or else as it is labelled"),
  tags: z.array(z.string()),
  status: resourceStatus.describe("Of its resources, the worst"),
  health: z.number().nullable().describe("From 0 to 1; null where nothing is known of it"),
  os: z.string().nullable(),
  kernel: z.string().nullable(),
  addresses: z.array(z.string()),
  cpuCores: z.int().nullable(),
  memoryMiB: z.int().nullable(),
  services: z.int(),
  resources: z.record(z.string(), resourceStatus),
  sources: z.array(z.string()).describe("Who tells of it, by precedence"),
  lastSeen: z.iso.datetime().nullable(),
})

export const targets = query({
  name: "targets",
  summary: "List the machines of the fleet",
  scope: "read",
  ofPoint: true,
  input: z.object({ q, sort, retired: flag.describe("Include what is retired"), limit, cursor }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/targets" },
  command: {
    name: "targets",
    positional: ["[q]"],
    examples: [
      "targets",
      "targets --at -2h",
      "targets 'role:production health<0.7' --sort health",
      "targets 'package:openssl -os:\"Debian 12\"' --output json",
    ],
  },
  async run(call, input) {
    const { fleet, point } = call
    const seen = await lastSeen(fleet, point)
    return pageOf(call, "target", input, async (found) => {
      const nos = found.map(({ no }) => no)
      const services = await fleet.views.entities.countsOn("service", point.position, nos)
      return oneByOne(found, async ({ no, summary, ...entity }) => {
        const records = await recordsOfTarget(fleet.views, entity.id, point.position)
        const told = {
          ...entity,
          ...(summary as TargetSummary),
          services: services.get(no) ?? 0,
          lastSeen: await seen.records(records),
        }
        return item.parse(told)
      })
    })
  },
})
