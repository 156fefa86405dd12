/** Maintenance as it was planned at a position. */
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Maintenance {
  readonly id: string
  /** Position of the event that planned it. */
  readonly planned: Position
  /** In the query language; null: of everything. */
  readonly where: string | null
  readonly from: Instant
  readonly until: Instant
  readonly plannedBy: string
  readonly reason: string | null
}

const columns = 'id, planned, q AS "where", begins AS "from", ends AS until, planned_by AS plannedBy, reason'
const stands = "planned <= $at AND (ended IS NULL OR ended > $at)"

export type MaintenanceReader = ReturnType<typeof maintenanceReader>

export function maintenanceReader(db: Db) {
  const ahead = db.prepare<object, Maintenance>(
    `SELECT ${columns} FROM maintenance WHERE ${stands} AND ends > $time ORDER BY begins, id`,
  )
  const active = db.prepare<object, Maintenance>(
    `SELECT ${columns} FROM maintenance WHERE ${stands} AND begins <= $time AND ends > $time ORDER BY begins, id`,
  )
  const one = db.prepare<object, Maintenance>(`SELECT ${columns} FROM maintenance WHERE id = $id AND ${stands}`)
  return {
    /** What is going on or still to come at a point, the next first. */
    ahead: async ({ position, time }: Point): Promise<readonly Maintenance[]> => ahead.all({ at: position, time }),
    /** What is going on at a point. */
    active: async ({ position, time }: Point): Promise<readonly Maintenance[]> => active.all({ at: position, time }),
    /** Undefined where there is none, or it was ended. */
    one: async (id: string, at: Position): Promise<Maintenance | undefined> => one.get({ id, at }),
  }
}
