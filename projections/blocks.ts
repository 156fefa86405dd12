/**
 * Where to look for what is rare. Positions are cut into blocks, and of each block it is written down what it has of something: a filter reads those blocks and passes over
 * the others. An index would find the rows themselves, at the price of a row for each change; of blocks there is a row for each first time within one.
 */
import type { Position } from "#kernel/point.js"

/** Positions in a block. */
export const blockLength = 4_096

export function blockOf(position: number): number {
  return Math.floor(position / blockLength)
}

/** What one writer has told of the block that it is in: the same again within it is no row. */
export class BlockMemory {
  #block = -1
  readonly #seen = new Set<number>()

  /** Whether `no` was not met in the block of this position yet, as far as is remembered. */
  isFirst(no: number, position: Position): boolean {
    const block = blockOf(position)
    if (block !== this.#block) {
      this.#block = block
      this.#seen.clear()
    }
    if (this.#seen.has(no)) return false
    this.#seen.add(no)
    return true
  }
}
