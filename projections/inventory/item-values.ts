/**
 * Which values items of collections ever had (a package at a version), and in which blocks of records. Machines of a fleet are much alike, so these are few where items
 * are millions: a question about items first asks which values would do, and then looks only where one of them ever was, whatever point it is about.
 */
import type { Db } from "#sqlite/open.js"
import { rowsInto } from "#sqlite/rows.js"
import type { Later } from "../projection.js"
import type { NumberedPath } from "./paths.js"

/** Records of a block: its number is the record's without so many bits. */
export const recordBlockBits = 8

/** Values that are remembered; beyond it the memory starts anew. */
const remembered = 50_000

interface Known {
  readonly no: number
  /** The last that was written down of it. */
  block: number
}

/** @returns what takes note of an item's value */
export function itemValueWriter(db: Db, later: Later): (record: number, item: NumberedPath, text: string) => void {
  const find = db
    .prepare<[number, string], number>("SELECT no FROM item_values WHERE path_no = ? AND value = ?")
    .pluck()
  const add = db.prepare<[number, string]>("INSERT INTO item_values (path_no, value) VALUES (?, ?)")
  const noteBlocks = rowsInto(db, "INSERT OR IGNORE INTO item_value_blocks", 2)
  let blocks: number[] = []
  later(() => {
    noteBlocks(blocks)
    blocks = []
  })
  const known = new Map<number, Map<string, Known>>()
  let count = 0
  const knownOf = (path: number, text: string): Known => {
    if (count >= remembered) {
      known.clear()
      count = 0
    }
    const values = known.get(path) ?? new Map<string, Known>()
    const held = values.get(text)
    if (held !== undefined) return held
    const no = find.get(path, text) ?? Number(add.run(path, text).lastInsertRowid)
    const value = { no, block: -1 }
    known.set(path, values.set(text, value))
    count += 1
    return value
  }
  return (record, item, text) => {
    const value = knownOf(item.no, text)
    const block = record >> recordBlockBits
    if (value.block === block) return
    blocks.push(value.no, block)
    value.block = block
  }
}
