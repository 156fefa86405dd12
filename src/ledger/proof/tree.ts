/**
 * The Merkle tree over the ledger's leaves (RFC 6962 §2.1), purely: which complete subtrees a root or a proof is made of, how their hashes
 * fold into it, and how a proof is checked. Where the hashes come from is the engine's affair.
 */
import * as crypto from "node:crypto"

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array

/** A complete subtree: 2^level leaves, of which the first is number `index · 2^level`. Level 0 is a leaf. */
export interface Subtree {
  readonly level: number
  readonly index: number
}

export const hashBytes = 32

/** RFC 6962: the root of no leaves is the hash of nothing. */
export const emptyRoot: Hash = crypto.createHash("sha256").digest()

const pair = Buffer.alloc(1 + 2 * hashBytes)
pair[0] = 1

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Buffer {
  pair.set(left, 1)
  pair.set(right, 1 + hashBytes)
  // As text of single bytes it comes out of the hash more than twice as fast as as a buffer.
  return Buffer.from(crypto.hash("sha256", pair, "binary"), "binary")
}

/** The fewest complete subtrees that hold exactly the leaves from `begin` to before `end`, left to right. */
export function cover(begin: number, end: number): Subtree[] {
  const subtrees: Subtree[] = []
  let at = begin
  while (at < end) {
    let level = 0
    // Not with bit operations: positions may pass 2³¹.
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1
    subtrees.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

/** Folds the hashes of `cover(begin, end)` into the root of those leaves, where `begin` is a multiple of a power of two not less than their number. */
export function fold(hashes: readonly Hash[]): Hash {
  return hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** The root of a complete subtree from its leaves, whose number is a power of two. */
export function rootOver(leaves: readonly Hash[]): Hash {
  let level = leaves
  while (level.length > 1) {
    const pairs = Array.from({ length: level.length / 2 }, (_, i) => [level[2 * i], level[2 * i + 1]] as [Hash, Hash])
    level = pairs.map(([left, right]) => nodeHash(left, right))
  }
  return level[0] ?? emptyRoot
}

/**
 * What a proof is made of: one hash for each entry, folded from the complete subtrees that it lists (several only at the tree's right edge).
 */
export type ProofPlan = readonly (readonly Subtree[])[]

/** The audit path of a leaf in the tree of the first `size` leaves (RFC 6962 §2.1.1), from the leaf upwards. */
export function inclusionPlan(position: number, size: number): ProofPlan {
  const path = (begin: number, end: number): ProofPlan => {
    if (end - begin === 1) return []
    const middle = begin + largestPowerBelow(end - begin)
    return position < middle
      ? [...path(begin, middle), cover(middle, end)]
      : [...path(middle, end), cover(begin, middle)]
  }
  return path(0, size)
}

/** That the tree of the first `from` leaves is the beginning of that of the first `to` (RFC 6962 §2.1.2); 0 < from ≤ to. */
export function consistencyPlan(from: number, to: number): ProofPlan {
  const proof = (begin: number, end: number, known: boolean): ProofPlan => {
    if (from === end) return known ? [] : [cover(begin, end)]
    const middle = begin + largestPowerBelow(end - begin)
    return from <= middle
      ? [...proof(begin, middle, known), cover(middle, end)]
      : [...proof(middle, end, false), cover(begin, middle)]
  }
  return proof(0, to, true)
}

/** 2^k, the largest that is less than `count`; `count` > 1. */
function largestPowerBelow(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

/** Whether the path leads from the leaf to the root (RFC 9162 §2.1.3.2). */
export function provesInclusion(
  leaf: Hash,
  position: number,
  size: number,
  path: readonly Hash[],
  root: Hash,
): boolean {
  if (position >= size) return false
  let node = position
  let last = size - 1
  let hash: Hash = leaf
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)]
    } else hash = nodeHash(hash, sibling)
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && sameHash(hash, root)
}

/** Whether the proof leads from the one root to the other (RFC 9162 §2.1.4.2); 0 < from ≤ to. */
export function provesConsistency(
  from: number,
  to: number,
  fromRoot: Hash,
  toRoot: Hash,
  proof: readonly Hash[],
): boolean {
  if (from === to) return proof.length === 0 && sameHash(fromRoot, toRoot)
  const path = cover(0, from).length === 1 ? [fromRoot, ...proof] : [...proof]
  const first = path.shift()
  if (first === undefined) return false
  let node = from - 1
  let last = to - 1
  while (node % 2 === 1) [node, last] = [half(node), half(last)]
  let old: Hash = first
  let whole: Hash = first
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old)
      whole = nodeHash(sibling, whole)
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)]
    } else whole = nodeHash(whole, sibling)
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && sameHash(old, fromRoot) && sameHash(whole, toRoot)
}

function half(n: number): number {
  return Math.floor(n / 2)
}

export function sameHash(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0
}
