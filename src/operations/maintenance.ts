/** Times in which trouble is recorded and nobody is told. */
import * as z from "zod"
import { conditionsOf } from "#drift/where.js"
import type { NewEvent } from "#events/catalog.js"
import { instant, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import { noStream } from "#ledger/port.js"
import type { Maintenance } from "#projections/maintenance/read.js"
import { q } from "./asked.js"
import { command, query } from "./define.js"
import { futureOf } from "./future.js"
import { listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  where: z.string().nullable().describe("Of which machines, with what is on them; null: of everything"),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  active: z.boolean(),
  plannedBy: z.string(),
  reason: z.string().nullable(),
})
const reason = z.string().min(1).max(500).optional().describe("Why, for whoever reads the history")

export const maintenancePlan = command({
  name: "maintenance plan",
  summary: "Plan a time in which trouble of some machines is recorded and nobody is told",
  scope: "operate",
  input: z.object({
    until: z.string().max(40).describe("When it ends: a time from now like 2h, or a time"),
    from: z.string().max(40).optional().describe("When it begins: a time from now like 2h, or a time; now without it"),
    where: q.describe("Of which machines, with what is on them, like tag:web; of everything without it"),
    reason,
  }),
  output: z.object({ ...item.shape, position: z.int() }),
  route: { method: "POST", path: "/api/v1/maintenance" },
  command: {
    name: "maintenance plan",
    positional: ["until"],
    examples: [
      'maintenance plan 2h --where tag:web --reason "upgrade"',
      "maintenance plan 26h --from 22h --where role:production",
    ],
  },
  async run({ fleet, principal }, input) {
    const { ledger, clock, views } = fleet
    const now = clock.now()
    const until = futureOf("until", input.until, now)
    const from = input.from === undefined ? now : futureOf("from", input.from, now)
    if (from >= until) throw new FleetError("InvalidInput", `it would end at ${until}, before it begins at ${from}`)
    await conditionsOf(input.where, ["target"])
    const id = newRunId()
    const where = input.where === undefined || input.where.trim() === "" ? undefined : input.where
    const event: NewEvent = {
      type: "MaintenancePlanned",
      data: { from, until, ...(where !== undefined && { where }) },
      metadata: { actor: principal.name, ...(input.reason !== undefined && { reason: input.reason }) },
      observedAt: now,
    }
    const { position } = await ledger.append(`maintenance-${id}` as StreamName, noStream, [event], id)
    await fleet.reached(position)
    return { ...told((await views.maintenance.one(id, position)) as Maintenance, now), position }
  },
})

export const maintenanceList = query({
  name: "maintenance list",
  summary: "List what is planned and going on at a point, the next first",
  scope: "read",
  input: z.object({}),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/maintenance" },
  command: { name: "maintenance list", positional: [], examples: ["maintenance list", "maintenance list --at -1d"] },
  async run({ fleet, point }) {
    const found = await fleet.views.maintenance.ahead(point)
    return { items: found.map((one) => told(one, point.time)), next: null }
  },
})

export const maintenanceEnd = command({
  name: "maintenance end",
  summary: "End a time of maintenance at once, or before it begins",
  scope: "operate",
  input: z.object({ id: z.string().max(100).describe("As maintenance list shows it"), reason }),
  output: z.object({ id: z.string(), until: z.iso.datetime(), position: z.int() }),
  route: { method: "DELETE", path: "/api/v1/maintenance/{id}" },
  command: {
    name: "maintenance end",
    positional: ["id"],
    examples: ["maintenance end 5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201"],
  },
  async run({ fleet, principal }, { id, reason: why }) {
    const { ledger, clock, views } = fleet
    const stream = `maintenance-${id}` as StreamName
    const revision = await ledger.revisionOf(stream)
    const head = await ledger.head()
    await fleet.reached(head.position)
    const found = await views.maintenance.one(id, head.position)
    const now = clock.now()
    if (found === undefined || found.until <= now)
      throw new FleetError(
        "NotFound",
        `no maintenance "${id.slice(0, 80)}" is planned; "fleet-ledger maintenance list" lists them`,
      )
    const metadata = { actor: principal.name, ...(why !== undefined && { reason: why }) }
    const event: NewEvent = { type: "MaintenanceEnded", data: {}, metadata, observedAt: now }
    const { position } = await ledger.append(stream, revision, [event], newRunId())
    await fleet.reached(position)
    return { id, until: instant(epochMs(now)), position }
  },
})

function told({ planned: _, ...one }: Maintenance, now: string) {
  return { ...one, active: one.from <= now }
}
