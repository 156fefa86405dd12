/** The Merkle tree against RFC 6962: its published vectors, and the laws of its proofs. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { leafHash } from "#ledger/leaf.js"
import { Edge } from "#ledger/proof/edge.js"
import {
  type Hash,
  type Subtree,
  consistencyPlan,
  cover,
  fold,
  inclusionPlan,
  nodeHash,
  provesConsistency,
  provesInclusion,
  rootOver,
} from "#ledger/proof/tree.js"

/** Inputs and roots of the reference implementation of certificate transparency. */
const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

function treeOf(leaves: readonly Hash[]) {
  const node = (level: number, index: number): Hash =>
    level === 0 ? (leaves[index] as Hash) : nodeHash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
  const hashOf = (subtrees: readonly Subtree[]) => fold(subtrees.map(({ level, index }) => node(level, index)))
  return { root: (size: number) => hashOf(cover(0, size)), hashOf }
}

const leaves = Array.from({ length: 70 }, (_, i) => leafHash(`leaf ${i}`))
const tree = treeOf(leaves)
const anySize = fc.integer({ min: 1, max: leaves.length })

describe("the tree", () => {
  it("has the roots that the reference implementation publishes", () => {
    const edge = new Edge()
    const found = inputs.map((input) => {
      edge.push(leafHash(Buffer.from(input, "hex").toString("latin1")))
      return Buffer.from(edge.root()).toString("hex")
    })
    expect(found.slice(0, 5)).toEqual(roots.slice(0, 5))
    expect(found).toEqual(roots)
  })

  it("has the same root grown leaf by leaf, from any edge on", () => {
    fc.assert(
      fc.property(anySize, anySize, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        const begun = new Edge()
        for (const leaf of leaves.slice(0, from)) begun.push(leaf)
        const edge = new Edge(from, begun.hashes)
        for (const leaf of leaves.slice(from, to)) edge.push(leaf)
        expect(edge.root()).toEqual(tree.root(to))
      }),
    )
  })

  it("proves every leaf that is in it, and no other", () => {
    fc.assert(
      fc.property(anySize, fc.nat(), (size, any) => {
        const position = any % size
        const path = inclusionPlan(position, size).map(tree.hashOf)
        const leaf = leaves[position] as Hash
        expect(provesInclusion(leaf, position, size, path, tree.root(size))).toBe(true)
        expect(provesInclusion(leafHash("another"), position, size, path, tree.root(size))).toBe(false)
        if (size > 1) expect(provesInclusion(leaf, (position + 1) % size, size, path, tree.root(size))).toBe(false)
      }),
    )
  })

  it("proves that each is the beginning of every later one, and of no other", () => {
    fc.assert(
      fc.property(anySize, anySize, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        const proof = consistencyPlan(from, to).map(tree.hashOf)
        expect(provesConsistency(from, to, tree.root(from), tree.root(to), proof)).toBe(true)
        expect(provesConsistency(from, to, leafHash("another"), tree.root(to), proof)).toBe(false)
      }),
    )
  })

  it("proves nothing by a path that is longer, shorter or for another size, in all trees of up to 16 leaves", () => {
    const extra = leafHash("another")
    for (let size = 1; size <= 16; size++) {
      const root = tree.root(size)
      for (let position = 0; position < size; position++) {
        const path = inclusionPlan(position, size).map(tree.hashOf)
        const leaf = leaves[position] as Hash
        const proves = (at: number, of: number, by: readonly Hash[]) => provesInclusion(leaf, at, of, by, root)
        for (const other of [
          [...path, extra],
          [extra, ...path],
          [...path, root],
        ])
          expect(proves(position, size, other)).toBe(false)
        if (path.length > 0)
          expect(proves(position, size, path.slice(1)) || proves(position, size, path.slice(0, -1))).toBe(false)
        expect(proves(position + size, size, path) || proves(size, size, path)).toBe(false)
        for (let of = position + 1; of <= 20; of++) {
          const isAsLong = inclusionPlan(position, of).length === path.length
          if (!isAsLong) expect([position, of, proves(position, of, path)]).toStrictEqual([position, of, false])
        }
      }
      for (let from = 1; from <= size; from++) {
        const proof = consistencyPlan(from, size).map(tree.hashOf)
        const proves = (by: readonly Hash[], to = size) => provesConsistency(from, to, tree.root(from), root, by)
        expect([proves(proof), proves([...proof, extra]), proves([extra, ...proof])]).toStrictEqual([
          true,
          false,
          false,
        ])
        if (proof.length > 0)
          expect([proves([]), proves(proof.slice(0, -1)), proves(proof.slice(1))]).not.toContain(true)
      }
    }
  })

  it("has the root of a complete subtree by its leaves alone", () => {
    for (const count of [1, 2, 4, 8, 64]) expect(rootOver(leaves.slice(0, count))).toEqual(tree.root(count))
    expect(Buffer.from(rootOver([])).toString("hex")).toMatch(/^e3b0c44298fc1c14/u)
    expect(fold([])).toEqual(rootOver([]))
  })
})
