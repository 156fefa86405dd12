/** From a record's stream to its number and its target's: both are given once and never change, so they are remembered. */
import type { Db } from "#sqlite/open.js"

export interface RecordNumber {
  readonly no: number
  readonly targetNo: number
}

/** More than most fleets have records; beyond it the memory starts anew. */
const remembered = 200_000

/** @returns undefined for a stream that is no record's, or not yet */
export type RecordNumbers = (stream: string) => RecordNumber | undefined

export function recordNumbers(db: Db): RecordNumbers {
  const find = db.prepare<[string], RecordNumber>("SELECT no, target_no AS targetNo FROM records WHERE id = ?")
  const known = new Map<string, RecordNumber>()
  /** Asked for by one projection after the other. */
  let last: { readonly stream: string; readonly found: RecordNumber } | undefined
  return (stream) => {
    if (last?.stream === stream) return last.found
    const held = known.get(stream)
    const found = held ?? find.get(recordOf(stream).id)
    if (found === undefined) return undefined
    if (held === undefined) {
      if (known.size >= remembered) known.clear()
      known.set(stream, found)
    }
    last = { stream, found }
    return found
  }
}

/** Kind and id of the record whose stream this is. */
export function recordOf(stream: string): { readonly kind: string; readonly id: string } {
  const dash = stream.indexOf("-")
  return { kind: stream.slice(0, dash), id: stream.slice(dash + 1) }
}
