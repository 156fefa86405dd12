/** What a source's log says was done since the look before, by what it was done to: this look may be the first to see it. */
import { epochMs, type Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Looks } from "#ops/looks.js"
import type { ViewsReader } from "#projections/views.js"
import type { Cause } from "./observation.js"

/** How long a look may take, and how far clocks may differ: what was done so shortly before the end of the last look may not have been seen by it. */
const marginMs = 5 * 60_000

/** @returns by kind and native key; nothing where no look before is known */
export async function causesSince(
  causes: readonly Cause[],
  source: string,
  head: Position,
  { looks, views }: { readonly looks: Looks; readonly views: ViewsReader },
): Promise<ReadonlyMap<string, readonly Cause[]>> {
  const found = new Map<string, Cause[]>()
  const last = causes.length === 0 ? undefined : await lastCompleted()
  if (last === undefined) return found
  const from = epochMs(last) - marginMs
  for (const cause of causes) {
    if (epochMs(cause.at) <= from) continue
    const key = `${cause.kind} ${cause.nativeKey}`
    const others = found.get(key)
    if (others === undefined) found.set(key, [cause])
    else others.push(cause)
  }
  return found

  /** To the hour, if a look has failed since. */
  async function lastCompleted(): Promise<Instant | undefined> {
    const look = (await looks.all()).find((each) => each.source === source)
    return look?.outcome === "completed" ? look.finishedAt : views.runs.lastSaw(source, "", head)
  }
}
