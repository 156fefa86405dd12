/** Checks as they stood at a position: what was agreed upon last by then, and is still run. */
import type { CheckKind, CheckStatus } from "#events/check.js"
import type { Instant } from "#kernel/clock.js"
import type { RecordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface CheckState {
  /** Of the check at its place. */
  readonly id: string
  readonly name: string
  readonly kind: CheckKind
  readonly about: { readonly kind: "target" | "service"; readonly id: RecordId } | null
  readonly status: CheckStatus
  readonly detail: string | null
  /** Position and time of the event that said so. */
  readonly since: Position
  readonly time: Instant
}

export interface AmongChecks {
  /** Ids of entities. */
  readonly about?: readonly string[]
  readonly status?: CheckStatus | undefined
  readonly name?: string | undefined
  /** Name and id of the last one of the page before. */
  readonly after?: readonly [string, string] | undefined
  readonly limit?: number
}

interface Row extends Omit<CheckState, "about"> {
  readonly aboutKind: "target" | "service" | null
  readonly aboutId: RecordId | null
}

const columns = "id, name, kind, about_kind AS aboutKind, about_id AS aboutId, status, detail, since, time"
const stands = "since <= $at AND (until IS NULL OR until > $at)"

export type ChecksReader = ReturnType<typeof checksReader>

export function checksReader(db: Db) {
  const filters = `($status IS NULL OR status = $status) AND ($name IS NULL OR name = $name)
    AND ($afterName IS NULL OR (name, id) > ($afterName, $afterId))
    ORDER BY name, id LIMIT $limit`
  const all = db.prepare<object, Row>(`SELECT ${columns} FROM checks WHERE ${stands} AND ${filters}`)
  const ofEntities = db.prepare<object, Row>(
    `SELECT ${columns} FROM checks WHERE about_id IN (SELECT value FROM json_each($about)) AND ${stands} AND ${filters}`,
  )
  const onMachines = db.prepare<object, Row>(
    `SELECT ${columns} FROM checks WHERE ${stands} AND about_id IN (
       SELECT id FROM records WHERE target_no IN (SELECT value FROM json_each($records)))`,
  )
  const one = db.prepare<{ id: string; at: number }, Row>(`SELECT ${columns} FROM checks WHERE id = $id AND ${stands}`)

  const at = async (
    position: Position,
    { about, status, name, after, limit = -1 }: AmongChecks = {},
  ): Promise<readonly CheckState[]> => {
    const [afterName = null, afterId = null] = after ?? []
    const values = { at: position, status: status ?? null, name: name ?? null, afterName, afterId, limit }
    const rows = about === undefined ? all.all(values) : ofEntities.all({ ...values, about: JSON.stringify(about) })
    return rows.map(stateOf)
  }
  return {
    /** By name; all, or those that are asked for. */
    at,
    /** Of machines and all that is on them, by the numbers of their records; in no order. */
    onMachines: async (position: Position, records: readonly number[]): Promise<readonly CheckState[]> =>
      onMachines.all({ at: position, records: JSON.stringify(records) }).map(stateOf),
    failing: (position: Position) => at(position, { status: "failing" }),
    /** Undefined where nothing was agreed upon yet, or it has ended. */
    async one(id: string, position: Position): Promise<CheckState | undefined> {
      const row = one.get({ id, at: position })
      return row && stateOf(row)
    },
  }
}

function stateOf({ aboutKind, aboutId, ...row }: Row): CheckState {
  return { ...row, about: aboutKind === null || aboutId === null ? null : { kind: aboutKind, id: aboutId } }
}
