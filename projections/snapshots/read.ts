/** Snapshots as they stood at a position: taken by then, and not deleted by then. */
import type { SnapshotType } from "#events/snapshot.js"
import type { Instant } from "#kernel/clock.js"
import type { Point, Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Snapshot {
  readonly name: string
  readonly type: SnapshotType
  readonly description: string | null
  readonly tags: readonly string[]
  readonly takenBy: string
  readonly takenAt: Instant
  /** Position of the event that took it. */
  readonly taken: Position
  /** Position of the event that deleted it, whenever that was. */
  readonly deleted: Position | null
  /** What it names. */
  readonly point: Point
  /** From this time on it may be deleted. */
  readonly expiresAt: Instant | null
}

export interface PageOfSnapshots {
  readonly at: Position
  /** Exclusive: the page holds those that were taken before that position. */
  readonly before: Position
  readonly limit: number
  readonly type?: SnapshotType | undefined
  readonly tag?: string | undefined
  /** In the name or the description. */
  readonly text?: string | undefined
  /** Leaves out those that have expired by then. */
  readonly aliveAt?: Instant | undefined
}

interface Row extends Omit<Snapshot, "tags" | "point"> {
  readonly tags: string
  readonly position: Position
  readonly time: Instant
}

const columns = `name, type, description, tags, taken_by AS takenBy, taken_at AS takenAt, taken, deleted, position, time,
  expires_at AS expiresAt`
const stands = "taken <= $at AND (deleted IS NULL OR deleted > $at)"

export type SnapshotsReader = ReturnType<typeof snapshotsReader>

export function snapshotsReader(db: Db) {
  const named = db.prepare<{ name: string; at: number }, Row>(
    `SELECT ${columns} FROM snapshots WHERE name = $name AND ${stands}`,
  )
  const lastNamed = db.prepare<{ name: string; at: number }, Row>(
    `SELECT ${columns} FROM snapshots WHERE name = $name AND taken <= $at ORDER BY taken DESC LIMIT 1`,
  )
  const names = db
    .prepare<{ at: number }, string>(`SELECT name FROM snapshots WHERE ${stands} ORDER BY taken DESC`)
    .pluck()
  const page = db.prepare<Record<string, string | number | null>, Row>(
    `SELECT ${columns} FROM snapshots WHERE ${stands} AND taken < $before
       AND ($type IS NULL OR type = $type)
       AND ($tag IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = $tag))
       AND ($text IS NULL OR instr(lower(name || char(10) || coalesce(description, '')), lower($text)) > 0)
       AND ($aliveAt IS NULL OR expires_at IS NULL OR expires_at > $aliveAt)
     ORDER BY taken DESC LIMIT $limit`,
  )
  const lastBy = db.prepare<{ actor: string; type: string | null }, Row>(
    `SELECT ${columns} FROM snapshots WHERE taken_by = $actor AND ($type IS NULL OR type = $type) ORDER BY taken DESC LIMIT 1`,
  )
  const expired = db.prepare<{ time: string; limit: number }, Row>(
    `SELECT ${columns} FROM snapshots WHERE deleted IS NULL AND expires_at IS NOT NULL AND expires_at <= $time
     ORDER BY taken LIMIT $limit`,
  )

  return {
    named: async (name: string, at: Position): Promise<Snapshot | undefined> => snapshotOf(named.get({ name, at })),

    /** The last one that had the name by then, deleted or not. */
    lastNamed: async (name: string, at: Position): Promise<Snapshot | undefined> =>
      snapshotOf(lastNamed.get({ name, at })),

    /** Newest first. */
    names: async (at: Position): Promise<readonly string[]> => names.all({ at }),

    /** Newest first. */
    async page({ type, tag, text, aliveAt, ...asked }: PageOfSnapshots): Promise<readonly Snapshot[]> {
      const filters = { type: type ?? null, tag: tag ?? null, text: text ?? null, aliveAt: aliveAt ?? null }
      return page.all({ ...asked, ...filters }).flatMap((row) => snapshotOf(row) ?? [])
    },

    /** The last that somebody took (of a type), deleted or not. */
    lastBy: async (actor: string, type?: SnapshotType): Promise<Snapshot | undefined> =>
      snapshotOf(lastBy.get({ actor, type: type ?? null })),

    /** Those that stand now and have expired by that time, oldest first. */
    expired: async (time: Instant, limit: number): Promise<readonly Snapshot[]> =>
      expired.all({ time, limit }).flatMap((row) => snapshotOf(row) ?? []),
  }
}

function snapshotOf(row: Row | undefined): Snapshot | undefined {
  if (row === undefined) return undefined
  const { tags, position, time, ...snapshot } = row
  return { ...snapshot, tags: JSON.parse(tags) as string[], point: { position, time } }
}
