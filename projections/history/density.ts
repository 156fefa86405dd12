/** How many changes there were between moments, by severity: of the fleet two seeks in the running numbers for each, of entities a walk over what is theirs. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { type Counts, countsAt } from "./moments.js"

export interface Moments {
  /** The last position that counts, and when it was recorded or later, in ms since the epoch. */
  readonly at: Position
  readonly time: number
  /** In order, ms since the epoch: changes are counted from behind one up to and including the next. */
  readonly times: readonly number[]
  /** Of these records; a target's includes what runs on it. Of the fleet without. */
  readonly recordNos?: readonly number[]
}

/** What is null is behind the last change. */
type MomentRow = [position: Position, ...counts: Counts] | [null, null, null, null, null]

export function densityReader(db: Db) {
  // All at once: asked one by one, 2,000 times cost three times as much.
  const firstAfterEach = db
    .prepare<[string], MomentRow>(
      `SELECT position, info, notice, warning, critical FROM json_each(?) asked LEFT JOIN moments
         ON recorded_at = (SELECT recorded_at FROM moments WHERE recorded_at > asked.value ORDER BY recorded_at LIMIT 1)
       ORDER BY asked.key`,
    )
    .raw()
  const ofRecord = db
    .prepare<[number, number, number], [number, number]>(
      "SELECT position, severity FROM changes_of WHERE record_no = ? AND position > ? AND position <= ? ORDER BY position",
    )
    .raw()
  const numbersAt = countsAt(db)

  const ofFleet = ({ at, time, times }: Moments): Counts[] => {
    const last = numbersAt(at, time)
    const before = firstAfterEach
      .all(JSON.stringify(times))
      .map(([position, ...counts]): Counts =>
        position === null || position > at ? last : (counts as unknown as Counts),
      )
    return before.slice(1).map((counts, index) => minus(counts, before[index] as Counts))
  }

  const ofRecords = ({ at, times }: Moments, recordNos: readonly number[]): Counts[] => {
    const rows = firstAfterEach.all(JSON.stringify(times))
    const ends = rows.map(([position]) => Math.min(at, (position ?? at + 1) - 1))
    const counted = ends.slice(1).map((): [number, number, number, number] => [0, 0, 0, 0])
    for (const no of recordNos) {
      let bucket = 0
      for (const [position, severity] of ofRecord.iterate(no, ends[0] as number, ends.at(-1) as number)) {
        while (position > (ends[bucket + 1] as number)) bucket += 1
        const counts = counted[bucket] as [number, number, number, number]
        counts[severity as 0] += 1
      }
    }
    return counted
  }

  /** One answer fewer than there are times. */
  return async (moments: Moments): Promise<readonly Counts[]> =>
    moments.recordNos === undefined ? ofFleet(moments) : ofRecords(moments, moments.recordNos)
}

function minus(a: Counts, b: Counts): Counts {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
}
