/** How many changes there were between moments, by severity: of the fleet two seeks in the running numbers for each, of entities a walk over what is theirs. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { type Counts, countsAt } from "./moments.js"

export interface Moments {
  /** The last position that counts. */
  readonly at: Position
  /** In order, ms since the epoch: changes are counted from behind one up to and including the next. */
  readonly times: readonly number[]
  /** Of these records; a target's includes what runs on it. Of the fleet without. */
  readonly recordNos?: readonly number[]
}

type MomentRow = [position: Position, ...counts: Counts]

export function densityReader(db: Db) {
  const firstAfter = db
    .prepare<[number], MomentRow>(
      "SELECT position, info, notice, warning, critical FROM moments WHERE recorded_at > ? ORDER BY recorded_at LIMIT 1",
    )
    .raw()
  const ofRecord = db
    .prepare<[number, number, number], [number, number]>(
      "SELECT position, severity FROM changes_of WHERE record_no = ? AND position > ? AND position <= ? ORDER BY position",
    )
    .raw()
  const numbersAt = countsAt(db)

  const ofFleet = (at: Position, times: readonly number[]): Counts[] => {
    const last = numbersAt(at)
    const before = times.map((time): Counts => {
      const row = firstAfter.get(time)
      if (row === undefined || row[0] > at) return last
      const [, ...counts] = row
      return counts
    })
    return before.slice(1).map((counts, index) => minus(counts, before[index] as Counts))
  }

  const ofRecords = (at: Position, times: readonly number[], recordNos: readonly number[]): Counts[] => {
    const ends = times.map((time) => Math.min(at, (firstAfter.get(time)?.[0] ?? at + 1) - 1))
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
  return async ({ at, times, recordNos }: Moments): Promise<readonly Counts[]> =>
    recordNos === undefined ? ofFleet(at, times) : ofRecords(at, times, recordNos)
}

function minus(a: Counts, b: Counts): Counts {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
}
