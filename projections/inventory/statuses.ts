/** All machines at a position, and in which state what runs on them is: what health is told by, without the names and documents that a list has. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { pathReader } from "./paths.js"

const valueAt = (facet: string, path: string) => `coalesce(
  (SELECT value FROM units WHERE record_no = r.no AND facet_no = ${facet} AND path_no = ${path} AND since <= $at),
  (SELECT value FROM past_units WHERE record_no = r.no AND facet_no = ${facet} AND path_no = ${path} AND since <= $at AND until > $at
    ORDER BY since DESC LIMIT 1))`
const isThere = `r.discovered <= $at AND ${valueAt("$lifecycle", "$lifecycle")} <> '"retired"'`

export function statusReader(db: Db) {
  const paths = pathReader(db)
  const machines = db.prepare<Record<string, number>, { no: number; id: RecordId }>(
    `SELECT r.no, r.id FROM records r WHERE r.kind = 'target' AND r.no > $after AND ${isThere}
       AND NOT EXISTS (SELECT 1 FROM links WHERE record_no = r.no AND since <= $at AND (until IS NULL OR until > $at))
     ORDER BY r.no LIMIT $limit`,
  )
  const statuses = db
    .prepare<Record<string, number>, string | null>(
      `SELECT ${valueAt("$facet", "$status")} FROM records r WHERE r.target_no = $target AND r.kind = 'service' AND ${isThere}`,
    )
    .pluck()
  return {
    /** Those that are there, each by its oldest record, in the order of their discovery, after one of that number. */
    async machines(at: Position, after: number, limit: number): Promise<readonly { no: number; id: RecordId }[]> {
      const lifecycle = paths.find("/lifecycle")?.no
      return lifecycle === undefined ? [] : machines.all({ at, after, limit, lifecycle })
    },

    /** Of the services under a target's record, retired ones apart. */
    async services(targetNo: number, at: Position): Promise<readonly ServiceStatus[]> {
      const [lifecycle, status] = [paths.find("/lifecycle")?.no, paths.find("/state/status")]
      if (lifecycle === undefined || status === undefined) return []
      const values = statuses.all({ target: targetNo, at, lifecycle, facet: status.facetNo, status: status.no })
      return values.map((value) => (JSON.parse(value ?? "null") as ServiceStatus | null) ?? "unknown")
    },
  }
}
