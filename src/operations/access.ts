/** Who used what matters for who may know and change what: for auditors. */
import * as z from "zod"
import type { EventType, RecordedEvent } from "#events/catalog.js"
import type { Position } from "#kernel/point.js"
import { resolvePoint } from "#timeline/resolve.js"
import { decodeCursor, encodeCursor, wrongCursor } from "./cursor.js"
import { query } from "./define.js"
import { cursor, limit, listOf } from "./shapes.js"

/** Exports, administration, refusals, and what else only somebody with a name does to the ledger. */
const types: readonly EventType[] = [
  "DataExported",
  "AdministrationPerformed",
  "AccessDenied",
  "HostKeyTrusted",
  "PolicyAdopted",
  "SigningKeyRotated",
  "LedgerRestored",
  "DataRedacted",
  "RangeArchived",
]

export const access = query({
  name: "access",
  summary: "List who exported, administered and was refused, oldest first",
  scope: "read",
  ofPoint: true,
  withoutViews: true,
  input: z.object({
    since: z.string().max(100).optional().describe("Only what was recorded after this point in time"),
    actor: z.string().min(1).max(500).optional().describe("Only what this one did: user:ada, token:ci"),
    limit,
    cursor,
  }),
  output: listOf(
    z.object({
      position: z.int(),
      recordedAt: z.iso.datetime(),
      type: z.string(),
      actor: z.string(),
      what: z.string().describe("In words"),
      reason: z.string().nullable(),
    }),
  ),
  route: { method: "GET", path: "/api/v1/access" },
  command: {
    name: "access",
    positional: [],
    examples: ["access --since -30d", "access --actor token:ci --output csv"],
  },
  async run({ fleet, point }, { since, actor, limit: most, cursor: begun }) {
    let after = await beginning(fleet, since, begun)
    const items: object[] = []
    for (;;) {
      const events = await fleet.ledger.readAll({ after, upTo: point.position, types, limit: most })
      for (const event of events) {
        if (actor === undefined || event.metadata.actor === actor) items.push(told(event))
        after = event.position
        if (items.length === most) return { items, next: encodeCursor(point, [after]) }
      }
      if (events.length < most) return { items, next: null }
    }
  },
})

async function beginning(
  fleet: Parameters<typeof resolvePoint>[0],
  since: string | undefined,
  begun: string | undefined,
): Promise<Position> {
  if (begun === undefined) return since === undefined ? (-1 as Position) : (await resolvePoint(fleet, since)).position
  const [position] = decodeCursor(begun).key
  if (typeof position !== "number") throw wrongCursor()
  return position as Position
}

function told(event: RecordedEvent): object {
  const { position, recordedAt, type, metadata } = event
  return { position, recordedAt, type, actor: metadata.actor, what: inWords(event), reason: metadata.reason ?? null }
}

function inWords(event: RecordedEvent): string {
  switch (event.type) {
    case "DataExported":
    case "AdministrationPerformed":
      return [event.data.operation, event.data.what].filter((part) => part !== undefined).join(" ")
    case "AccessDenied": {
      const { refused, addresses } = event.data
      const counts = Object.entries(refused).flatMap(([code, count]) => (count > 0 ? [`${count} × ${code}`] : []))
      return `refused: ${counts.join(", ")} from ${addresses.join(", ")}`
    }
    case "HostKeyTrusted":
      return `trusted ${event.data.algorithm} ${event.data.fingerprint} of ${event.data.name}`
    case "PolicyAdopted":
      return "the policy of the configuration"
    case "SigningKeyRotated":
      return "another signing key"
    case "LedgerRestored":
      return `a backup took the ledger's place: ${event.data.lost} events lost`
    case "DataRedacted":
      return `masked as ${event.data.mask} in ${event.data.positions.length} payloads`
    case "RangeArchived":
      return `positions ${event.data.first} to ${event.data.last} went into an archive`
    default:
      return ""
  }
}
