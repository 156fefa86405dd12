/** How many events altered each field of which kind of entity, told by which source: what makes the ledger grow. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import type { Kind } from "./read.js"

export interface FieldNoise {
  /** A unit's path, with `*` for an item of a collection. */
  readonly field: string
  readonly kind: Kind
  readonly source: string
  readonly events: number
  /** The record that it last altered there. */
  readonly recordNo: number
}

interface Alteration {
  readonly position: number
  readonly recordNo: number
  readonly kind: Kind
  readonly source: string
  readonly path: string
}

export function noiseReader(db: Db) {
  // Discovery has no path, and is not noise.
  const alterations = db.prepare<[number, number], Alteration>(
    `SELECT position, r.no AS recordNo, r.kind, r.source, p.path
     FROM touched JOIN paths p ON p.no = path_no JOIN records r ON r.no = record_no
     WHERE position > ? AND position <= ? ORDER BY position`,
  )
  /** By the events after `from`, up to and including `to`; most first. An event counts once for a field, however many items it altered. */
  return async (from: Position, to: Position): Promise<readonly FieldNoise[]> => {
    const fields = new Map<string, FieldNoise>()
    const counted = new Map<string, number>()
    for (const { position, recordNo, kind, source, path } of alterations.iterate(from, to)) {
      const field = path.replace(/\/[^/]*:.*$/s, "/*")
      const key = [kind, source, field].join("\n")
      if (counted.get(key) === position) continue
      counted.set(key, position)
      fields.set(key, { field, kind, source, events: (fields.get(key)?.events ?? 0) + 1, recordNo })
    }
    return [...fields.values()].sort((a, b) => b.events - a.events || (a.field < b.field ? -1 : 1))
  }
}
