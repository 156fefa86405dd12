/** The Merkle tree over the leaves, as RFC 6962 §2.1 defines it by recursion, whatever part of it is asked for and however it grew. */
import * as crypto from "node:crypto"
import { origin } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { rootAt } from "#ledger/proof/prove.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { expect, it } from "vitest"
import { type OpenEngine, fresh } from "./fresh.js"

const one = stream("target-1")

/** MTH of RFC 6962 §2.1, over leaf hashes. */
function treeHash(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 1) return Buffer.from(leaves[0] as Uint8Array)
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return crypto
    .createHash("sha256")
    .update(Uint8Array.of(1))
    .update(treeHash(leaves.slice(0, half)))
    .update(treeHash(leaves.slice(half)))
    .digest()
}

async function leavesOf(ledger: Ledger): Promise<readonly Uint8Array[]> {
  return (await ledger.readStored({ after: origin, limit: 10_000 })).map(({ leaf }) => leaf)
}

export function tree(open: OpenEngine): void {
  it("has its root at every size", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(67), "a")
    const leaves = await leavesOf(ledger)
    for (let size = 1; size <= leaves.length; size++) {
      expect([size, Buffer.from(await rootAt(ledger, size))]).toStrictEqual([size, treeHash(leaves.slice(0, size))])
    }
  })

  it("has the root of every complete subtree, and no other", async () => {
    const { ledger } = await fresh(open)
    await ledger.append(one, noStream, changes(600), "a")
    const leaves = await leavesOf(ledger)
    for (let level = 0; level <= 9; level++) {
      const width = 2 ** level
      const count = Math.floor(600 / width)
      const subtrees = Array.from({ length: count }, (_, index) => ({ level, index }))
      const roots = subtrees.map(({ index }) => treeHash(leaves.slice(index * width, (index + 1) * width)))
      expect((await ledger.nodes(subtrees)).map((hash) => Buffer.from(hash))).toStrictEqual(roots)
      expect((await refusalOf(() => ledger.nodes([{ level, index: count }]))).code).toBe("NotFound")
    }
  })

  it("grows on from wherever it was when the ledger was opened again", async () => {
    const { ledger, reopen } = await fresh(open)
    let grown: Ledger = ledger
    let revision = noStream
    for (const count of [5, 250, 6, 300]) {
      ;({ revision } = await grown.append(one, revision, changes(count), `from ${revision}`))
      grown = await reopen()
    }
    await grown.append(one, revision, changes(500), "last")
    const leaves = await leavesOf(grown)
    expect(Buffer.from(await rootAt(grown, leaves.length))).toStrictEqual(treeHash(leaves))
    for (const subtree of [
      { level: 8, index: 0 },
      { level: 8, index: 3 },
      { level: 10, index: 0 },
    ]) {
      const width = 2 ** subtree.level
      const [root] = await grown.nodes([subtree])
      expect(root && Buffer.from(root)).toStrictEqual(
        treeHash(leaves.slice(subtree.index * width, (subtree.index + 1) * width)),
      )
    }
  })
}
