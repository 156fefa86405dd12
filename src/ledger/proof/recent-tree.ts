/**
 * The tree as it grows, with the roots that it had not long ago: a checkpoint is signed a moment before its event is written, and others may be written in
 * that moment.
 */
import { Edge } from "./edge.js"
import type { Hash, Subtree } from "./tree.js"

/** Leaves that are remembered: from so many to twice as many. */
const span = 4_096

/** The tree as it was when a stretch of leaves began, and those. */
interface Stretch {
  readonly before: Edge
  readonly leaves: Hash[]
}

export class RecentTree {
  readonly #edge = new Edge()
  #stretches: readonly Stretch[] = []

  get size(): number {
    return this.#edge.size
  }

  /** Adds a leaf, and tells of every subtree that it completes. */
  push(leaf: Hash, completed: (subtree: Subtree, hash: Hash) => void): void {
    if (this.#edge.size % span === 0) {
      this.#stretches = [{ before: this.#edge.copy(), leaves: [] }, ...this.#stretches.slice(0, 1)]
    }
    this.#stretches[0]?.leaves.push(leaf)
    this.#edge.push(leaf, 0, completed)
  }

  /** Adds leaves that are not known, by the roots of the subtrees that they make up, largest at the left. Only the root as it is then is known of them. */
  skip(subtrees: readonly Subtree[], hashes: readonly Hash[]): void {
    hashes.forEach((hash, i) => this.#edge.push(hash, subtrees[i]?.level))
    this.#stretches = [{ before: this.#edge.copy(), leaves: [] }]
  }

  root(): Hash {
    return this.#edge.root()
  }

  /** Undefined where it was so small too long ago, or never was so large. */
  rootAt(size: number): Hash | undefined {
    if (size === this.#edge.size) return this.#edge.root()
    const stretch = this.#stretches.find(({ before }) => before.size <= size)
    if (stretch === undefined || size > this.#edge.size) return undefined
    const edge = stretch.before.copy()
    for (const leaf of stretch.leaves.slice(0, size - edge.size)) edge.push(leaf)
    return edge.root()
  }
}
