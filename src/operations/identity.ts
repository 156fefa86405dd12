/**
 * Which records are of one machine: what is doubtful, and what people decide. Evidence links records by itself; a person's word goes before it.
 */
import * as z from "zod"
import type { FleetEvent, NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { type RecordId, type StreamName, newRunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { revisionDecidedUpon } from "#ledger/decided-upon.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { entityRef, findEntity, targetOf } from "#timeline/entity.js"
import { Known } from "#discovery/identity/known.js"
import { reasonText } from "#discovery/identity/judge.js"
import { type Call, command, query } from "./define.js"
import { anId, entityReference, entityShape } from "./shapes.js"

const identityStream = "identity" as StreamName

const recordShape = z.object({ id: z.uuid(), source: z.string(), target: entityShape })

export const identityReview = query({
  name: "identity review",
  summary: "List pairs of records that may be of one machine, for somebody to decide",
  scope: "read",
  input: z.object({}),
  output: z.object({
    items: z.array(z.object({ records: z.array(recordShape), score: z.number(), reasons: z.array(z.string()) })),
    next: z.null(),
  }),
  route: { method: "GET", path: "/api/v1/identity/review" },
  command: { name: "identity review", positional: [], examples: ["identity review", "identity review --output json"] },
  async run({ fleet, point: { position: at } }) {
    const items = []
    const { views, discovery } = fleet
    for (const pair of await views.identity.doubts(at)) {
      const known = await Known.of(pair, views, at, discovery.tellsApart)
      const judgement = known.judged(...pair)
      // Decided by now, by a person or by what was seen since.
      const isOpen = judgement?.verdict !== "different" && known.byHand(...pair) === undefined && known.targets.size > 1
      if (judgement === undefined || !isOpen) continue
      const records = [await recordIn(fleet, pair[0], at), await recordIn(fleet, pair[1], at)]
      items.push({ records, score: judgement.score, reasons: judgement.reasons.map(reasonText) })
    }
    return { items: items.toSorted((a, b) => b.score - a.score), next: null }
  },
})

async function recordIn({ views }: Fleet, id: RecordId, at: Position) {
  const record = (await views.inventory.record(id)) as RecordRow
  return { id, source: record.source, target: await entityRef(views, await targetOf(views, record, at), at) }
}

const done = z.object({ target: entityShape, records: z.array(z.uuid()), position: z.int() })
const reason = z.string().min(1).max(500).optional().describe("Why, for whoever reads the history")
const recordReference = entityReference.describe("Name or id of a machine, or id of one of its records")

export const identityLink = command({
  name: "identity link",
  summary: "Say that two machines are one: the history of both is kept",
  scope: "operate",
  input: z.object({ record: recordReference, target: recordReference, reason }),
  output: done,
  route: { method: "POST", path: "/api/v1/identity/link" },
  command: {
    name: "identity link",
    positional: ["record", "target"],
    examples: ['identity link nas.local nas --reason "renamed in May"'],
  },
  run: (call, input) =>
    unlessBeaten(async () => {
      const at = await headOf(call.fleet)
      const [one, other] = [await machine(call.fleet, input.record, at), await machine(call.fleet, input.target, at)]
      if (one.id === other.id) throw new FleetError("InvalidInput", "these are one machine already")
      const [older, younger] = one.no < other.no ? [one, other] : [other, one]
      const moved = await call.fleet.views.inventory.membersOf(younger.id, at)
      const events = moved.flatMap(({ id }): FleetEvent[] => [
        ...(id === younger.id
          ? []
          : [{ type: "RecordsUnlinked" as const, data: { record: id, target: younger.id, reasons: [] } }]),
        { type: "RecordsLinked", data: { record: id, target: older.id, reasons: [] } },
      ])
      return decide(call, at, events, older, input.reason)
    }),
})

export const identityUnlink = command({
  name: "identity unlink",
  summary: "Say that a record is of another machine: both histories are as they were",
  scope: "operate",
  input: z.object({ record: anId.describe("Id of the record; `show` lists a machine's"), reason }),
  output: done,
  route: { method: "POST", path: "/api/v1/identity/unlink" },
  command: {
    name: "identity unlink",
    positional: ["record"],
    examples: ["identity unlink 5f0cbb0e-5c1c-5d35-8b5f-0a4f4f9d0201"],
  },
  run: (call, input) =>
    unlessBeaten(async () => {
      const at = await headOf(call.fleet)
      const target = await call.fleet.views.inventory.linkOf(input.record, at)
      if (target === undefined) {
        throw new FleetError(
          "NotFound",
          `${input.record} is linked to nothing; a machine's oldest record stays, unlink the others`,
        )
      }
      const others = (await call.fleet.views.inventory.membersOf(target.id, at)).filter(({ id }) => id !== input.record)
      const events: FleetEvent[] = [
        { type: "RecordsUnlinked", data: { record: input.record, target: target.id, reasons: [] } },
        // Or evidence would link it again at the next look.
        ...others.map(({ id }): FleetEvent => ({
          type: "RecordsSeparated",
          data: { records: [input.record, id], reasons: [] },
        })),
      ]
      return decide(call, at, events, target, input.reason)
    }),
})

export const identitySeparate = command({
  name: "identity separate",
  summary: "Say that two machines are not one, whatever the evidence",
  scope: "operate",
  input: z.object({ record: recordReference, target: recordReference, reason }),
  output: done,
  route: { method: "POST", path: "/api/v1/identity/separate" },
  command: { name: "identity separate", positional: ["record", "target"], examples: ["identity separate web-1 web-2"] },
  run: (call, input) =>
    unlessBeaten(async () => {
      const { fleet } = call
      const at = await headOf(fleet)
      const [one, other] = [await machine(fleet, input.record, at), await machine(fleet, input.target, at)]
      if (one.id === other.id)
        throw new FleetError("InvalidInput", "these are one machine; `identity unlink` takes a record out of it")
      const events: FleetEvent[] = []
      for (const a of await fleet.views.inventory.membersOf(one.id, at)) {
        for (const b of await fleet.views.inventory.membersOf(other.id, at)) {
          events.push({ type: "RecordsSeparated", data: { records: [a.id, b.id], reasons: [] } })
        }
      }
      return decide(call, at, events, one, input.reason)
    }),
})

/** The views as they are when all that was written by now is in them. */
async function headOf(fleet: Fleet): Promise<Position> {
  const { position } = await fleet.ledger.head()
  await fleet.reached(position)
  return position
}

async function machine({ views }: Fleet, reference: string, at: Position): Promise<RecordRow> {
  const found = await findEntity(views, reference, at)
  if (found.kind === "target") return found
  throw new FleetError("InvalidInput", `"${reference.slice(0, 120)}" is a ${found.kind}; only machines are linked`)
}

async function decide(
  { fleet, principal }: Call,
  at: Position,
  events: readonly FleetEvent[],
  target: RecordRow,
  why: string | undefined,
) {
  const { ledger, clock, views } = fleet
  const metadata = { actor: principal.name, ...(why === undefined ? {} : { reason: why }) }
  const stamped = events.map((event): NewEvent => ({ ...event, metadata, observedAt: clock.now() }))
  const revision = await revisionDecidedUpon(ledger, identityStream, at)
  const { position } = await ledger.append(identityStream, revision, stamped, newRunId())
  await fleet.reached(position)
  const records = await views.inventory.membersOf(target.id, position)
  return { target: await entityRef(views, target, position), records: records.map(({ id }) => id), position }
}
