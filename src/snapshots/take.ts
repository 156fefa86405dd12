/** Taking and deleting snapshots: one event on the stream `snapshots`, whatever the size of the fleet, and nothing counted. */
import type { NewEvent } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import type { SnapshotType } from "#events/snapshot.js"
import type { Instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { Snapshot } from "#projections/snapshots/read.js"
import type { ViewsReader } from "#projections/views.js"
import type { Line } from "#timeline/resolve.js"

/** What a snapshot is to be. */
export interface Taking {
  readonly name: string
  readonly type: SnapshotType
  readonly description?: string
  readonly tags?: readonly string[]
  readonly point: Point
  readonly expiresAt?: Instant
}

const stream = "snapshots" as StreamName

/** @returns the position of the event @throws FleetError `InvalidInput` when another one has the name */
export function takeSnapshot(line: Line, taking: Taking, metadata: Metadata): Promise<Position> {
  return decide(line, async ({ snapshots }, known) => {
    const { name, type, description, tags = [], point, expiresAt } = taking
    const other = await snapshots.named(name, known)
    if (other !== undefined) {
      throw new FleetError(
        "InvalidInput",
        `there is a snapshot "${name}" already, of position:${other.point.position}; delete it first, or choose another name`,
      )
    }
    const data = {
      name,
      type,
      ...(description !== undefined && { description }),
      ...(tags.length > 0 && { tags: [...tags] }),
      ...point,
      ...(expiresAt !== undefined && { expiresAt }),
    }
    return [{ type: "SnapshotTaken", data, metadata, observedAt: line.clock.now() }]
  })
}

/** Frees the names of those that `which` finds at a position. What they named stays in the ledger as it was. */
export async function deleteSnapshots(
  line: Line,
  which: (known: Position) => Promise<readonly Snapshot[]>,
  metadata: Metadata,
): Promise<{ readonly deleted: readonly Snapshot[]; readonly position: Position }> {
  let deleted: readonly Snapshot[] = []
  const position = await decide(line, async (_, known) => {
    deleted = await which(known)
    const observedAt = line.clock.now()
    return deleted.map(({ name }) => ({ type: "SnapshotDeleted", data: { name }, metadata, observedAt }))
  })
  return { deleted, position }
}

type Decide = (views: ViewsReader, known: Position) => Promise<readonly NewEvent[]>

/** Somebody else may take or delete one at the same time. */
function decide(line: Line, decideUpon: Decide): Promise<Position> {
  return unlessBeaten(() => decideNow(line, decideUpon))
}

/** The views need to know the stream's last event and no more, however far behind the ledger they are. */
async function decideNow({ ledger, views, reached }: Line, decideUpon: Decide): Promise<Position> {
  const [last] = await ledger.readStream(stream, { limit: 1, backwards: true })
  if (last !== undefined) await reached(last.position)
  const events = await decideUpon(views, last?.position ?? origin)
  if (events.length === 0) return last?.position ?? origin
  const { position } = await ledger.append(stream, last?.revision ?? noStream, events, newRunId())
  return position
}
