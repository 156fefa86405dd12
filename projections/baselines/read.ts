/** Baselines as they were in force at a position. */
import type { Baseline } from "#events/baseline.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface DeclaredBaseline {
  readonly name: string
  readonly baseline: Baseline
  /** Position and time of the event that declared it. */
  readonly since: Position
  readonly time: Instant
  /** Who declared it, and why, if that was said. */
  readonly actor: string
  readonly reason: string | null
}

export interface PinnedBaseline extends DeclaredBaseline {
  readonly baseline: Extract<Baseline, { of: "point" }>
}

type Row = Omit<DeclaredBaseline, "baseline"> & { readonly baseline: string }

const columns = "name, baseline, since, time, actor, reason"
const holds = "since <= $at AND (until IS NULL OR until > $at)"

/** Of those that were read, as what was declared never changes. */
const mostRemembered = 100

export type BaselinesReader = ReturnType<typeof baselinesReader>

export function baselinesReader(db: Db) {
  const all = db.prepare<{ at: number }, Row>(`SELECT ${columns} FROM baselines WHERE ${holds} ORDER BY name`)
  const reached = db.prepare<[], number>("SELECT position FROM checkpoint").pluck()
  /** The last position at which one came to be in force, or ceased to be. */
  const changed = db
    .prepare<[], number>("SELECT max(coalesce(max(since), 0), coalesce(max(until), 0)) FROM baselines")
    .pluck()
  const one = db.prepare<{ name: string; at: number }, Row>(
    `SELECT ${columns} FROM baselines WHERE name = $name AND ${holds}`,
  )
  const remembered = new Map<string, DeclaredBaseline>()
  const declared = (row: Row): DeclaredBaseline => {
    const key = `${row.since} ${row.name}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    const made = { ...row, baseline: JSON.parse(row.baseline) as Baseline }
    if (remembered.size >= mostRemembered) remembered.clear()
    remembered.set(key, made)
    return made
  }
  /** From the last change on, as far as the views had come: whoever goes through the ledger asks at every event. */
  let latest: { readonly from: number; readonly to: number; readonly held: readonly DeclaredBaseline[] } | undefined
  const heldAt = (position: Position): readonly DeclaredBaseline[] => {
    if (latest !== undefined && latest.from <= position && position <= latest.to) return latest.held
    const [to = 0, from = 0] = [reached.get(), changed.get()]
    const held = all.all({ at: position }).map(declared)
    if (from <= position) latest = { from, to, held }
    return held
  }
  return {
    /** Those that pin a point, by name. */
    pinned: async (position: Position): Promise<readonly PinnedBaseline[]> => heldAt(position).filter(isPinned),

    /** By name. */
    at: async (position: Position): Promise<readonly DeclaredBaseline[]> => heldAt(position),

    async named(name: string, position: Position): Promise<DeclaredBaseline | undefined> {
      const row = one.get({ name, at: position })
      return row && declared(row)
    },
  }
}

function isPinned(declared: DeclaredBaseline): declared is PinnedBaseline {
  return declared.baseline.of === "point"
}
