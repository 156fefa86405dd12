/** What stands where as of a point: sites, the machines of each with what they are guests of, and what runs on them. */
import * as z from "zod"
import { resourceStatus, type TargetDocument } from "#events/facets/target.js"
import { serviceStatus } from "#events/facets/service.js"
import type { Entity, Standing } from "#projections/entities/read.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { q } from "./asked.js"
import { type QueryCall, query } from "./define.js"
import { oneByOne, pageOf } from "./pages.js"
import { cursor, flag, limit, listOf } from "./shapes.js"

const counted = z.partialRecord(serviceStatus, z.int()).describe("How many services there are of each status")

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  site: z.string().describe("The cluster of hypervisors that it belongs to, or else the first source that tells of it"),
  node: z.string().nullable().describe("Name of the hypervisor that it is a guest of"),
  hypervisor: z.boolean(),
  role: z.string().nullable(),
  status: resourceStatus,
  health: z.number().nullable(),
  stacks: z.array(z.object({ id: z.uuid(), name: z.string(), services: counted })),
  services: counted.describe("Of those that are part of no stack: how many there are of each status"),
})

export const topology = query({
  name: "topology",
  summary: "Draw up what stands where: sites, hypervisors, their guests, and the stacks and services on each",
  scope: "read",
  ofPoint: true,
  input: z.object({ q, retired: flag.describe("Include what is retired"), limit, cursor }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/topology" },
  command: {
    name: "topology",
    positional: ["[q]"],
    examples: ["topology", "topology --at -1d", "topology role:production --output json"],
  },
  run: (call, input) =>
    pageOf(call, "target", input, async (found) => {
      const nos = found.map(({ no }) => no)
      const { entities } = call.fleet.views
      const services = await entities.standingOn("service", call.point.position, nos)
      const stacks = await entities.standingOn("stack", call.point.position, nos)
      return oneByOne(found, (machine) =>
        told(call, machine, services.get(machine.no) ?? [], stacks.get(machine.no) ?? []),
      )
    }),
})

async function told(
  { fleet: { views }, point: { position } }: QueryCall,
  { id, name, role, status, health, sources }: Entity,
  services: readonly Standing[],
  stacks: readonly Standing[],
) {
  const records = await recordsOfTarget(views, id, position)
  const document = await documentOfTarget(views, records, position, ["guest", "hypervisor"])
  const { guest, hypervisor } = document as Partial<TargetDocument>
  const known = new Set(stacks.map((stack) => stack.name))
  return item.parse({
    id,
    name,
    site: guest?.cluster ?? hypervisor?.cluster ?? sources[0] ?? "",
    node: (guest?.cluster && guest.node) || null,
    hypervisor: Boolean(hypervisor?.cluster),
    role,
    status,
    health,
    stacks: stacks.map((stack) => ({
      id: stack.id,
      name: stack.name,
      services: countsOf(services.filter((service) => service.stack === stack.name)),
    })),
    services: countsOf(services.filter(({ stack }) => stack === null || !known.has(stack))),
  })
}

function countsOf(services: readonly Standing[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of services) counts[status ?? "unknown"] = (counts[status ?? "unknown"] ?? 0) + 1
  return counts
}
