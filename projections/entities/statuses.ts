/** Which statuses the services that run on a machine have: counted when they are first asked for, and then followed. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { Db } from "#sqlite/open.js"
import type { EntityValues } from "./tables.js"

/** Records of machines whose services' statuses are remembered; beyond it the memory starts anew. */
const remembered = 20_000

type Counts = Map<ServiceStatus, number>

export function statusesUnder(db: Db) {
  const count = db.prepare<[number], { status: ServiceStatus; services: number }>(
    // CROSS: by the machine first. SQLite does not know that it is one of thousands.
    `SELECT e.status, count(*) AS services FROM records r CROSS JOIN entities e ON e.kind = 'service' AND e.no = r.no
     WHERE r.kind = 'service' AND e.lifecycle <> 'retired' AND r.target_no = ? GROUP BY e.status`,
  )
  const known = new Map<number, Counts>()

  const countsOf = (record: number): Counts => {
    const held = known.get(record)
    if (held !== undefined) return held
    if (known.size >= remembered) known.clear()
    const counts: Counts = new Map(count.all(record).map(({ status, services }) => [status, services]))
    known.set(record, counts)
    return counts
  }

  return {
    /** Each once, of what runs on any of these records of machines. */
    of: (records: readonly number[]): ServiceStatus[] => [
      ...new Set(records.flatMap((no) => [...countsOf(no).keys()])),
    ],
    /** A service's row has been put in the place of another. */
    moved(record: number, before: EntityValues | undefined, after: EntityValues): void {
      const counts = known.get(record)
      if (counts === undefined) return
      const [was, is] = [statusOf(before), statusOf(after)]
      if (was === is) return
      if (was !== undefined) {
        const left = (counts.get(was) ?? 0) - 1
        if (left > 0) counts.set(was, left)
        else counts.delete(was)
      }
      if (is !== undefined) counts.set(is, (counts.get(is) ?? 0) + 1)
    },
  }
}

/** Undefined of one that is none. */
function statusOf(service: EntityValues | undefined): ServiceStatus | undefined {
  return service === undefined || service.lifecycle === "retired" ? undefined : (service.status as ServiceStatus)
}
