/** When something was last seen, as of a point: when the last look ended that could look at its machine, and found it. */
import type { Fleet } from "#fleet.js"
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"

export interface LastSeen {
  /** The end of a source's last completed look by then. */
  source(name: string): Instant | null
  /** Of the records of one thing, the latest. */
  records(records: readonly RecordRow[]): Promise<Instant | null>
}

/** The ledger knows it to the hour; the last look of all is known exactly. */
export async function lastSeen({ views, ops }: Fleet, point: Point): Promise<LastSeen> {
  const seen = new Map<string, Instant>()
  const failed = new Map<string, ReadonlySet<string>>()
  for (const run of await views.runs.lastCompleted(point.position)) {
    seen.set(run.source, run.finishedAt)
    failed.set(run.source, new Set(run.failed))
  }
  for (const look of await ops.looks.all()) {
    if (look.outcome === "completed" && look.finishedAt <= point.time) seen.set(look.source, look.finishedAt)
  }
  const machineOf = async (record: RecordRow) =>
    record.kind === "target" ? record : ((await views.inventory.record(record.targetId)) ?? record)
  return {
    source: (name) => seen.get(name) ?? null,
    async records(records) {
      const times: Instant[] = []
      for (const record of records) {
        const { no, source, nativeKey } = await machineOf(record)
        const gone = await views.inventory.goneSince(no, point.position)
        const isSeen = gone === undefined && failed.get(source)?.has(nativeKey) !== true
        // The look that missed it is recorded behind what it concluded.
        const by = gone === undefined ? point.position : ((gone - 1) as Position)
        const time = isSeen ? seen.get(source) : await views.runs.lastSaw(source, nativeKey, by)
        if (time !== undefined) times.push(time)
      }
      return times.toSorted().at(-1) ?? null
    },
  }
}
