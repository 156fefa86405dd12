/** When something was last seen, as of a point: when the last look ended that could look at its machine, and found it. */
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"

export interface LastSeen {
  /** The end of a source's last completed look by then. */
  source(name: string): Instant | null
  /** Of the records of one thing, the latest. */
  records(records: readonly RecordRow[]): Promise<Instant | null>
}

/**
 * The ledger knows it to the hour.
 * @param exact sources whose last look is known better than that
 */
export async function seenBy(
  views: ViewsReader,
  at: Position,
  exact: readonly { readonly source: string; readonly finishedAt: Instant }[] = [],
): Promise<LastSeen> {
  const seen = new Map<string, Instant>()
  const failed = new Map<string, ReadonlySet<string>>()
  for (const run of await views.runs.lastCompleted(at)) {
    seen.set(run.source, run.finishedAt)
    failed.set(run.source, run.failed)
  }
  for (const { source, finishedAt } of exact) seen.set(source, finishedAt)
  const machineOf = async (record: RecordRow) =>
    record.kind === "target" ? record : ((await views.inventory.record(record.targetId)) ?? record)
  return {
    source: (name) => seen.get(name) ?? null,
    async records(records) {
      const times: Instant[] = []
      for (const record of records) {
        const { no, source, nativeKey } = await machineOf(record)
        const gone = await views.inventory.goneSince(no, at)
        const isSeen = gone === undefined && failed.get(source)?.has(nativeKey) !== true
        // The look that missed it is recorded behind what it concluded.
        const by = gone === undefined ? at : ((gone - 1) as Position)
        const time = isSeen ? seen.get(source) : await views.runs.lastSaw(source, nativeKey, by)
        if (time !== undefined) times.push(time)
      }
      return times.toSorted().at(-1) ?? null
    },
  }
}
