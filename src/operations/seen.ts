/** When something was last seen, as of a point: the ledger knows it to the hour; the last look of all is known exactly. */
import type { Fleet } from "#fleet.js"
import type { Point } from "#kernel/point.js"
import { type LastSeen, seenBy } from "#timeline/seen.js"

export async function lastSeen({ views, ops }: Fleet, { position, time }: Point): Promise<LastSeen> {
  const looks = await ops.looks.all()
  return seenBy(
    views,
    position,
    looks.filter(({ outcome, finishedAt }) => outcome === "completed" && finishedAt <= time),
  )
}
