/** What people do with an alert: written at exactly the revision that was looked at. */
import type { EventOf, NewEvent } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { Alert } from "#projections/alerts/read.js"
import type { Line } from "#timeline/resolve.js"

type Word = EventOf<"AlertAcknowledged" | "AlertSilenced" | "AlertResolved">

/**
 * @param decide undefined where it is so already @returns the position behind which it is so
 * @throws FleetError as `decide`, `RevisionConflict`
 */
export function tellOf(
  { ledger, views, clock, reached }: Line,
  id: string,
  decide: (alert: Alert) => Word | undefined,
  metadata: Metadata,
): Promise<Position> {
  const stream = `alert-${id}` as StreamName
  return unlessBeaten(async () => {
    const revision = await ledger.revisionOf(stream)
    const { position } = await ledger.head()
    await reached(position)
    const alert = await views.alerts.one(id, { position, time: clock.now() })
    if (alert === undefined) throw new FleetError("NotFound", `there is no alert ${id}`)
    const word = decide(alert)
    if (word === undefined) return position
    const event: NewEvent = { ...word, metadata, observedAt: clock.now() }
    const appended = await ledger.append(stream, revision, [event], newRunId())
    await reached(appended.position)
    return appended.position
  })
}
