/** The machines of the fleet as of a point. */
import * as z from "zod"
import { resourceStatus, lifecycle } from "#events/facets/target.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { JsonObject } from "#kernel/json.js"
import type { NamedRecord, RecordRow } from "#projections/inventory/read.js"
import { roleAndTags } from "#timeline/assigned.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { type QueryCall, query } from "./define.js"
import { pageOf } from "./pages.js"
import { lastSeen } from "./seen.js"
import { cursor, flag, limit, listOf } from "./shapes.js"

const item = z.object({
  id: z.uuid(),
  name: z.string(),
  lifecycle,
  role: z.string().nullable().describe("As it was assigned, or else as it is labelled"),
  tags: z.array(z.string()),
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
  input: z.object({ retired: flag.describe("Include what is retired"), limit, cursor }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/targets" },
  command: {
    name: "targets",
    positional: [],
    examples: ["targets", "targets --at -2h", "targets --at 2026-11-23T09:00:00Z --output json"],
  },
  async run(call, input) {
    const seen = await lastSeen(call.fleet, call.point)
    return pageOf(call, "target", input, async (record) => {
      const records = await recordsOfTarget(call.fleet.views, record.id, call.point.position)
      return { ...(await summary(call, record, records)), lastSeen: await seen.records(records) }
    })
  },
})

async function summary({ fleet, point }: QueryCall, record: NamedRecord, records: readonly RecordRow[]) {
  const facets = ["lifecycle", "os", "hardware", "network", "resources", "assigned", "labels"]
  const document = (await documentOfTarget(fleet.views, records, point.position, facets)) as unknown as TargetDocument
  const { service } = await fleet.views.inventory.counts(point.position, record.id)
  const held = Object.values(document.network?.interfaces ?? {}).flatMap(({ addresses }) =>
    Object.keys(addresses ?? {}),
  )
  // What others say of it, where it does not say itself.
  const addresses = held.length > 0 ? held : Object.keys(document.network?.addresses ?? {})
  return {
    id: record.id,
    name: record.name,
    lifecycle: document.lifecycle,
    ...roleAndTags(document as unknown as JsonObject),
    os: document.os?.name ?? null,
    kernel: document.os?.kernel ?? null,
    addresses: addresses.map((key) => key.slice("ip:".length)).filter(isReachable),
    cpuCores: document.hardware?.cpuCores ?? null,
    memoryMiB: document.hardware?.memoryMiB ?? null,
    services: service,
    resources: document.resources ?? {},
    sources: records.map(({ source }) => source),
  }
}

/** Not loopback and not link-local: an address by which others can reach it. */
function isReachable(address: string): boolean {
  return !/^(?:127\.|::1\/|fe80:|169\.254\.)/i.test(address)
}
