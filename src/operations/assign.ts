/** The role and the tags that people give to machines. They go before what the policy's rules give. */
import * as z from "zod"
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import { type Assigned, type TargetDocument, role, tagName, unassigned } from "#events/facets/target.js"
import { begun } from "#discovery/assign.js"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { type RoleAndTags, roleAndTags } from "#projections/inventory/role-and-tags.js"
import { entityRef, findEntity } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { type Call, command } from "./define.js"
import { entityReference, entityShape } from "./shapes.js"

const target = entityReference.describe("Name or id of a machine")
const reason = z.string().min(1).max(500).optional().describe("Why, for whoever reads the history")
const output = z.object({
  target: entityShape,
  role: z.string().nullable(),
  tags: z.array(z.string()),
  position: z.int(),
})
const tagged = z.object({ target, tag: tagName, reason })

export const roleSet = command({
  name: "role set",
  summary: "Say what a machine is there for",
  scope: "operate",
  input: z.object({
    target,
    role: z.enum([...role.options, "none"]).describe("`none` leaves it to the rules of the policy"),
    reason,
  }),
  output,
  route: { method: "POST", path: "/api/v1/targets/{target}/role" },
  command: {
    name: "role set",
    positional: ["target", "role"],
    examples: ['role set web-1 production --reason "goes live"', "role set web-1 none"],
  },
  run: (call, input) =>
    assign(call, input, ({ role: from, roleBy: fromBy }) => {
      const to = input.role === "none" ? null : input.role
      if (from === to && fromBy === (to === null ? null : "hand")) return []
      return [{ type: "TargetRoleAssigned", data: { from, fromBy, to, by: "hand" } }]
    }),
})

export const tagAdd = command({
  name: "tag add",
  summary: "Give a machine a tag",
  scope: "operate",
  input: tagged,
  output,
  route: { method: "POST", path: "/api/v1/targets/{target}/tags" },
  command: { name: "tag add", positional: ["target", "tag"], examples: ["tag add web-1 pci"] },
  run: (call, input) =>
    assign(call, input, ({ tags }) => {
      const before = tags[`tag:${input.tag}`]
      if (before?.by === "hand") return []
      return [{ type: "TargetTagged", data: { tag: input.tag, by: "hand", ...(before !== undefined && { before }) } }]
    }),
})

export const tagRemove = command({
  name: "tag remove",
  summary: "Say that a machine does not have a tag, whatever the rules of the policy give it",
  scope: "operate",
  input: tagged,
  output,
  route: { method: "DELETE", path: "/api/v1/targets/{target}/tags/{tag}" },
  command: { name: "tag remove", positional: ["target", "tag"], examples: ["tag remove web-1 pci"] },
  run: (call, input) =>
    assign(call, input, ({ tags }) => {
      const before = tags[`tag:${input.tag}`]
      if (before === null) return []
      return [{ type: "TargetUntagged", data: { tag: input.tag, by: "hand", ...(before !== undefined && { before }) } }]
    }),
})

type Decide = (assigned: Assigned) => FleetEvent[]

/** On the machine's oldest record, to which its source may be writing at the same time. */
function assign(call: Call, input: { target: string; reason?: string | undefined }, decide: Decide) {
  return unlessBeaten(() => assignNow(call, input, decide))
}

async function assignNow(
  { fleet, principal }: Call,
  input: { target: string; reason?: string | undefined },
  decide: Decide,
) {
  const { ledger, views, clock } = fleet
  const { position: found } = await reachedHead(fleet)
  const record = await machine(fleet, input.target, found)
  const stream = `target-${record.id}` as StreamName
  const revision = await ledger.revisionOf(stream)
  const { position: at } = await reachedHead(fleet)
  const { assigned } = (await views.inventory.document(record.no, at, ["assigned"])) as Partial<TargetDocument>
  const events = decide(assigned ?? unassigned)
  const metadata = { actor: principal.name, ...(input.reason === undefined ? {} : { reason: input.reason }) }
  const stamped = (assigned === undefined ? begun(events) : events).map((event): NewEvent => ({
    ...event,
    metadata,
    observedAt: clock.now(),
  }))
  const { position } =
    stamped.length === 0 ? { position: at } : await ledger.append(stream, revision, stamped, newRunId())
  await fleet.reached(position)
  return { target: await entityRef(views, record, position), ...(await wholeOf(fleet, record, position)), position }
}

async function reachedHead(fleet: Fleet) {
  const head = await fleet.ledger.head()
  await fleet.reached(head.position)
  return head
}

async function machine({ views }: Fleet, reference: string, at: Position): Promise<RecordRow> {
  const found = await findEntity(views, reference, at)
  if (found.kind === "target") return found
  throw new FleetError(
    "InvalidInput",
    `"${reference.slice(0, 120)}" is a ${found.kind}; only machines have a role and tags`,
  )
}

async function wholeOf({ views }: Fleet, { id }: RecordRow, at: Position): Promise<RoleAndTags> {
  const records = await recordsOfTarget(views, id, at)
  return roleAndTags(await documentOfTarget(views, records, at, ["assigned", "labels"]))
}
