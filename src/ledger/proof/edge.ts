/**
 * The right edge of a growing Merkle tree: the roots of the complete subtrees that its leaves make up so far, largest first. It is all that has to be
 * known to add a leaf or to give the root.
 */
import { type Hash, type Subtree, cover, fold, nodeHash } from "./tree.js"

export class Edge {
  #hashes: Hash[]
  #levels: number[]
  #size: number

  /** @param hashes of `cover(0, size)` */
  constructor(size = 0, hashes: readonly Hash[] = []) {
    this.#size = size
    this.#hashes = [...hashes]
    this.#levels = cover(0, size).map(({ level }) => level)
  }

  get size(): number {
    return this.#size
  }

  get hashes(): readonly Hash[] {
    return this.#hashes
  }

  copy(): Edge {
    return new Edge(this.#size, this.#hashes)
  }

  /** Adds the subtree that comes next, a leaf unless its level says otherwise, and tells of every subtree that it completes. */
  push(hash: Hash, level = 0, completed?: (subtree: Subtree, hash: Hash) => void): void {
    this.#size += 2 ** level
    let [height, root] = [level, hash]
    while (this.#levels.at(-1) === height) {
      this.#levels.pop()
      root = nodeHash(this.#hashes.pop() as Hash, root)
      height += 1
      completed?.({ level: height, index: this.#size / 2 ** height - 1 }, root)
    }
    this.#levels.push(height)
    this.#hashes.push(root)
  }

  root(): Hash {
    return fold(this.#hashes)
  }
}
