/** How many changes there were in each of so many equal parts of a range of time, by severity, and where looks were incomplete. */
import { type Severity, severities } from "#events/severity.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { ViewsReader } from "#projections/views.js"

export type Bucket = Readonly<Record<Severity, number>> & {
  /** Exclusive. */
  readonly from: Instant
  /** Inclusive. */
  readonly to: Instant
  readonly incomplete: boolean
}

export interface Range {
  readonly from: Instant
  readonly to: Instant
  /** Fewer where the range has fewer milliseconds. */
  readonly buckets: number
  /** Of these records, or of the fleet. */
  readonly recordNos?: readonly number[]
}

/** Changes count by when they were recorded. Exact at any zoom; costs the buckets, and of entities what is theirs. */
export async function densityOf(
  views: ViewsReader,
  at: Point,
  { from, to, buckets, recordNos }: Range,
): Promise<Bucket[]> {
  const [begin, end] = [epochMs(from), epochMs(to)]
  const times = timesOf(begin, end, buckets)
  const counts = await views.history.density({
    at: at.position,
    time: epochMs(at.time),
    times,
    ...(recordNos && { recordNos }),
  })
  const incomplete = await incompleteIn(views, at.position, times)
  return counts.map((ofSeverities, index) => ({
    from: instant(times[index] as number),
    to: instant(times[index + 1] as number),
    ...(Object.fromEntries(severities.map((severity, rank) => [severity, ofSeverities[rank as 0]])) as Record<
      Severity,
      number
    >),
    incomplete: incomplete[index] as boolean,
  }))
}

/** The ends of all buckets, one more than there are; to the millisecond. */
function timesOf(begin: number, end: number, buckets: number): number[] {
  const count = Math.max(1, Math.min(buckets, end - begin))
  return Array.from({ length: count + 1 }, (_, index) => begin + Math.round(((end - begin) * index) / count))
}

/** Of each bucket whether a gap reaches into it. */
async function incompleteIn(views: ViewsReader, at: Position, times: readonly number[]): Promise<boolean[]> {
  const ends = times.slice(1)
  const gaps = await views.history.gaps(at, times[0] as number, ends.at(-1) as number)
  /** How many gaps begin in a bucket, less how many ended in the one before. */
  const steps = Array.from({ length: ends.length + 1 }, () => 0)
  for (const { from, to = Infinity } of gaps) {
    ;(steps[bucketOf(from, ends)] as number) += 1
    ;(steps[Math.min(bucketOf(to, ends) + 1, ends.length)] as number) -= 1
  }
  let open = 0
  return ends.map((_, index) => (open += steps[index] as number) > 0)
}

/** The first bucket that ends at or behind a time, or the number of buckets. */
function bucketOf(time: number, ends: readonly number[]): number {
  let [low, high] = [0, ends.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((ends[middle] as number) >= time) high = middle
    else low = middle + 1
  }
  return low
}
