/** When a source's entities were last seen, as of a point. */
import type { Fleet } from "#fleet.js"
import type { Instant } from "#kernel/clock.js"
import type { Point } from "#kernel/point.js"

/** Source → end of its last completed look by then. The ledger knows it to the hour; the last look of all is known exactly. */
export async function lastSeen({ views, ops }: Fleet, point: Point): Promise<ReadonlyMap<string, Instant>> {
  const seen = new Map<string, Instant>()
  for (const run of await views.runs.latest(point.position)) {
    if (run.outcome === "completed") seen.set(run.source, run.finishedAt)
  }
  for (const look of await ops.looks.all()) {
    if (look.outcome === "completed" && look.finishedAt <= point.time) seen.set(look.source, look.finishedAt)
  }
  return seen
}

/** The latest of some times, null where there is none. */
export function latest(times: readonly (Instant | undefined)[]): Instant | null {
  return (
    times
      .flatMap((time) => time ?? [])
      .toSorted()
      .at(-1) ?? null
  )
}
