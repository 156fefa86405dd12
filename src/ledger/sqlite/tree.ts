/** The Merkle tree's hashes in the ledger's file: leaves beside their events, roots of larger subtrees in a table, what lies between made when asked for. */
import type { Db } from "#sqlite/open.js"
import { FleetError } from "#kernel/errors.js"
import { Edge } from "../proof/edge.js"
import { type Hash, type Subtree, cover, rootOver } from "../proof/tree.js"
import type { ArchivedEvents } from "./archived.js"

/** Subtrees from this level on are stored. */
export const storedLevel = 8

export function treeReader(db: Db, archived: ArchivedEvents) {
  const stored = db.prepare<[number, number], Hash>("SELECT hash FROM subtrees WHERE level = ? AND no = ?").pluck()
  const leaves = db
    .prepare<[number, number], Hash>("SELECT leaf FROM events WHERE position >= ? AND position < ? ORDER BY position")
    .pluck()
  const leavesOf = (begin: number, end: number): readonly Hash[] => {
    const kept = archived.rows.watermark() + 1
    const old = begin < kept ? archived.leaves(begin, Math.min(end, kept)) : []
    return kept < end ? [...old, ...leaves.all(Math.max(begin, kept), end)] : old
  }
  const count = db.prepare<[], number>("SELECT coalesce(max(position), -1) + 1 FROM events").pluck()

  /** @throws FleetError `NotFound` for a subtree that is not complete yet, `ArchiveUnavailable` */
  const node = ({ level, index }: Subtree): Hash => {
    if (level >= storedLevel) {
      const hash = stored.get(level, index)
      if (hash !== undefined) return hash
    }
    const width = 2 ** level
    const beneath = level > storedLevel ? [] : leavesOf(index * width, (index + 1) * width)
    if (beneath.length < width) {
      throw new FleetError("NotFound", `the ledger has no ${width} events from position ${index * width} on`)
    }
    return rootOver(beneath)
  }

  return {
    node,
    /** The tree's right edge as the file has it. */
    edge(): Edge {
      const size = count.get() as number
      return new Edge(size, cover(0, size).map(node))
    },
  }
}
