/** Which event altered what, unit by unit, and in which blocks of positions something at or beneath a path was altered. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { BlockMemory, blockOf } from "../blocks.js"
import type { NumberedPath } from "./paths.js"

/** `touched.path_no` of a record's discovery. */
export const wholeRecord = 0

export interface Touches {
  /** Of a unit that begins: where another one stood, the inventory's tables tell that it was altered by themselves. */
  begun(position: Position, record: number, path: NumberedPath): void
  block(position: Position, path: NumberedPath): void
  discovery(position: Position, record: number): void
}

export function touchWriter(db: Db, numbered: (path: string) => NumberedPath): Touches {
  const touch = db.prepare<[number, number, number]>("INSERT OR IGNORE INTO touched VALUES (?, ?, ?)")
  const note = db.prepare<[number, number]>("INSERT OR IGNORE INTO touched_blocks VALUES (?, ?)")
  const noted = new BlockMemory()
  /** The objects around a unit, the facet last. */
  const holders = (path: string): number[] => {
    const end = path.lastIndexOf("/")
    return end === 0 ? [] : [numbered(path.slice(0, end)).no, ...holders(path.slice(0, end))]
  }
  const block: Touches["block"] = (position, { no, path }) => {
    if (!noted.isFirst(no, position)) return
    note.run(no, blockOf(position))
    for (const holder of holders(path)) if (noted.isFirst(holder, position)) note.run(holder, blockOf(position))
  }
  return {
    block,
    begun(position, record, path) {
      touch.run(position, record, path.no)
      block(position, path)
    },
    discovery(position, record) {
      touch.run(position, record, wholeRecord)
      if (noted.isFirst(wholeRecord, position)) note.run(wholeRecord, blockOf(position))
    },
  }
}
