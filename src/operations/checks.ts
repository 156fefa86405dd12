/** Checks: how they stood at a point, and running them now. */
import * as z from "zod"
import { latencyMetric, measuredAs } from "#checks/checks.js"
import { checkKind, checkStatus } from "#events/check.js"
import type { CheckState } from "#projections/checks/read.js"
import { type EntityRef, entityRef } from "#timeline/entity.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { type QueryCall, job, query } from "./define.js"
import { idsAbout } from "./parts.js"
import { cursor, entityReference, entityShape, limit, listOf, pointShape } from "./shapes.js"

const item = z.object({
  id: z.uuid().describe("Of the check at its place"),
  name: z.string(),
  kind: checkKind,
  about: entityShape.nullable().describe("The machine or service that it says something of"),
  status: checkStatus,
  detail: z.string().nullable().describe("What was wrong, when it was found so"),
  since: pointShape,
  latencyMs: z.number().nullable().describe("Of the last answer that is still kept"),
})

export const checks = query({
  name: "checks",
  summary: "List checks with what was agreed upon last, since when and why",
  scope: "read",
  input: z.object({
    status: checkStatus.optional().describe(`Only those that are so: ${checkStatus.options.join(", ")}`),
    name: z.string().max(100).optional().describe("Only those of this name"),
    entity: entityReference.optional().describe("Only those of this machine, with what runs on it, or of this service"),
    limit,
    cursor,
  }),
  output: listOf(item),
  route: { method: "GET", path: "/api/v1/checks" },
  command: {
    name: "checks",
    positional: [],
    examples: ["checks", "checks --status failing --at -2h", "checks --entity web-1"],
  },
  async run(call, input) {
    const { fleet, point } = call
    const after = input.cursor === undefined ? undefined : keyIn(input.cursor)
    const about = input.entity === undefined ? undefined : await idsAbout(call, input.entity)
    const found = await fleet.views.checks.at(point.position, {
      status: input.status,
      name: input.name,
      after,
      limit: input.limit + 1,
      ...(about && { about }),
    })
    const shown = found.slice(0, input.limit)
    const last = shown.at(-1)
    const items = []
    for (const check of shown) items.push(await told(call, check))
    const more = found.length > shown.length && last !== undefined
    return { items, next: more ? encodeCursor(point, [last.name, last.id]) : null }
  },
})

export const checksRun = job({
  name: "checks run",
  summary:
    "Run all checks now, or those of one name, each until its tries agree; behind discover, all that is known of the fleet's health is fresh",
  scope: "operate",
  input: z.object({ name: z.string().max(100).optional().describe("Name of a check; all of them without it") }),
  output: z.object({
    runs: z.array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        kind: checkKind,
        about: entityShape.nullable(),
        result: checkStatus.describe("Of the last try"),
        detail: z.string().nullable(),
        latencyMs: z.number().nullable(),
        status: checkStatus.describe("What is told of it now"),
        changed: z.boolean().describe("Whether that is new"),
      }),
    ),
    changes: z.int(),
    position: z.int(),
  }),
  route: { method: "POST", path: "/api/v1/checks/run" },
  command: {
    name: "checks run",
    positional: ["[name]"],
    examples: ["checks run", "checks run site --output json", "discover && fleet-ledger checks run"],
  },
  async run({ fleet, principal, signal, progress }, { name }) {
    const attempts = await fleet.checks.run(name, { actor: principal.name, signal, progress })
    const { position } = await fleet.ledger.head()
    await fleet.reached(position)
    const runs = []
    for (const { instance, status: result, detail = null, latencyMs = null, standing: status, changed } of attempts) {
      const { id, check, about: whom } = instance
      const record = whom === null ? undefined : await fleet.views.inventory.record(whom.id)
      const about = record === undefined ? null : await entityRef(fleet.views, record, position)
      runs.push({ id, name: check.name, kind: check.kind, about, result, detail, latencyMs, status, changed })
    }
    return { runs, changes: runs.filter(({ changed }) => changed).length, position }
  },
})

async function told({ fleet: { views, ops }, point }: QueryCall, state: CheckState) {
  const { id, name, kind, status, detail, since: position, time } = state
  const measured = await ops.measurements.at(measuredAs(state), latencyMetric(name), point.time)
  const record = state.about === null ? undefined : await views.inventory.record(state.about.id)
  const about: EntityRef | null = record === undefined ? null : await entityRef(views, record, point.position)
  return { id, name, kind, about, status, detail, since: { position, time }, latencyMs: measured?.value ?? null }
}

function keyIn(text: string): readonly [string, string] {
  const [name, id] = decodeCursor(text).key
  if (typeof name !== "string" || typeof id !== "string") throw wrongCursor()
  return [name, id]
}
