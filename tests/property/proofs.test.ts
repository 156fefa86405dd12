/**
 * What the operations hand out as proofs, checked by nothing of ours: the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2 as their text has them, over ledgers that
 * grew at random. And that they prove nothing else.
 */
import * as crypto from "node:crypto"
import type { Fleet } from "#fleet.js"
import { origin } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { invoke } from "#operations/invoke.js"
import { proofConsistency, proofInclusion } from "#operations/proof.js"
import { open } from "#tests/support/folder-fleet.js"
import { often } from "#tests/support/often.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Text = string

const bytes = (text: Text) => Buffer.from(text, "base64")
const hashOf = (left: Text, right: Text): Text =>
  crypto.createHash("sha256").update("\x01").update(bytes(left)).update(bytes(right)).digest("base64")

/** MTH of RFC 6962 §2.1. */
function root(leaves: readonly Text[]): Text {
  if (leaves.length === 1) return leaves[0] ?? ""
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return hashOf(root(leaves.slice(0, k)), root(leaves.slice(k)))
}

interface Inclusion {
  readonly position: number
  readonly size: number
  readonly leaf: Text
  readonly root: Text
  readonly path: readonly Text[]
}

/** RFC 9162 §2.1.3.2, step by step. Sizes here are small enough for bit operations. */
function includes({ position, size, leaf, root: claimed, path }: Inclusion): boolean {
  if (position >= size) return false
  let [fn, sn, r] = [position, size - 1, leaf]
  for (const p of path) {
    if (sn === 0) return false
    if ((fn & 1) === 1 || fn === sn) {
      r = hashOf(p, r)
      if ((fn & 1) === 0) {
        do {
          fn >>= 1
          sn >>= 1
        } while ((fn & 1) === 0 && fn !== 0)
      }
    } else r = hashOf(r, p)
    fn >>= 1
    sn >>= 1
  }
  return sn === 0 && r === claimed
}

interface Consistency {
  readonly from: number
  readonly to: number
  readonly fromRoot: Text
  readonly toRoot: Text
  readonly proof: readonly Text[]
}

/** RFC 9162 §2.1.4.2, step by step; of equal trees the roots are compared. */
function continues({ from, to, fromRoot, toRoot, proof }: Consistency): boolean {
  if (from === to) return proof.length === 0 && fromRoot === toRoot
  const path = (from & (from - 1)) === 0 ? [fromRoot, ...proof] : [...proof]
  if (from < 1 || from > to || proof.length === 0) return false
  let [fn, sn] = [from - 1, to - 1]
  while ((fn & 1) === 1) {
    fn >>= 1
    sn >>= 1
  }
  let [fr, sr] = [path[0] ?? "", path[0] ?? ""]
  for (const c of path.slice(1)) {
    if (sn === 0) return false
    if ((fn & 1) === 1 || fn === sn) {
      fr = hashOf(c, fr)
      sr = hashOf(c, sr)
      if ((fn & 1) === 0) {
        do {
          fn >>= 1
          sn >>= 1
        } while ((fn & 1) === 0 && fn !== 0)
      }
    } else sr = hashOf(sr, c)
    fn >>= 1
    sn >>= 1
  }
  return fr === fromRoot && sr === toRoot && sn === 0
}

/** A fleet whose ledger grew by appends of these many events, two streams in turn, and the leaves of it. */
async function grown(counts: readonly number[]): Promise<{ fleet: Fleet; leaves: readonly Text[] }> {
  const fleet = await open(await tempFolder())
  const revisions = [noStream, noStream]
  for (const [turn, count] of counts.entries()) {
    const [name, revision] = [stream(`target-${turn % 2}`), revisions[turn % 2] ?? noStream]
    await fleet.ledger.append(name, revision, changes(count, String(turn)), String(turn))
    revisions[turn % 2] = revision + count
  }
  const stored = await fleet.ledger.readStored({ after: origin, limit: 10_000 })
  return { fleet, leaves: stored.map(({ leaf }) => Buffer.from(leaf).toString("base64")) }
}

function call(fleet: Fleet) {
  const principal = { name: "user:auditor", scope: "read" } as const
  return { fleet, principal, signal: new AbortController().signal, progress: () => {} }
}

async function inclusion(fleet: Fleet, position: number, size: number): Promise<Inclusion> {
  return (await invoke(proofInclusion, call(fleet), { position, size })) as Inclusion
}

async function consistency(fleet: Fleet, from: number, to: number): Promise<Consistency> {
  return (await invoke(proofConsistency, call(fleet), { from, to })) as Consistency
}

/** The hash with one bit of it another. */
function flipped(text: Text, bit: number): Text {
  const hash = bytes(text)
  hash.writeUInt8(hash.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
  return hash.toString("base64")
}

/** The lists that come of changing one: any element, its order, one more, one less. */
function otherLists(hashes: readonly Text[], bit: number): readonly (readonly Text[])[] {
  const flips = hashes.map((hash, at) => hashes.with(at, flipped(hash, bit)))
  const swapped = hashes.length > 1 ? [hashes.toReversed()] : []
  return [
    ...flips,
    ...swapped,
    [...hashes, hashes[0] ?? root(["AA=="])],
    ...(hashes.length > 0 ? [hashes.slice(1), hashes.slice(0, -1)] : []),
  ]
}

const anyBit = fc.nat(255)
/** Small ones, and ones that reach beyond the subtrees that are stored. */
const anyGrowth = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 3, maxLength: 6 }),
)

describe("the proofs that operations give", () => {
  it("are those of RFC 9162 at every position and size of ledgers that grew at random", async () => {
    await fc.assert(
      fc.asyncProperty(anyGrowth, fc.infiniteStream(fc.nat()), anyBit, async (counts, anys, bit) => {
        const { fleet, leaves } = await grown(counts)
        const any = (below: number) => Number(anys.next().value) % below
        for (let round = 0; round < 12; round++) {
          const size = 1 + any(leaves.length)
          const position = any(size)
          const proof = await inclusion(fleet, position, size)
          expect(proof).toMatchObject({ position, size, leaf: leaves[position], root: root(leaves.slice(0, size)) })
          expect(includes(proof)).toBe(true)
          expect(includes({ ...proof, leaf: flipped(proof.leaf, bit) })).toBe(false)
          expect(includes({ ...proof, root: flipped(proof.root, bit) })).toBe(false)
          for (const path of otherLists(proof.path, bit)) expect(includes({ ...proof, path })).toBe(false)

          const from = 1 + any(size)
          const growth = await consistency(fleet, from, size)
          const roots = { fromRoot: root(leaves.slice(0, from)), toRoot: root(leaves.slice(0, size)) }
          expect(growth).toMatchObject({ from, to: size, ...roots })
          expect(continues(growth)).toBe(true)
          expect(continues({ ...growth, fromRoot: flipped(growth.fromRoot, bit) })).toBe(false)
          expect(continues({ ...growth, toRoot: flipped(growth.toRoot, bit) })).toBe(false)
          for (const list of otherLists(growth.proof, bit)) expect(continues({ ...growth, proof: list })).toBe(false)
        }
        await fleet.close()
      }),
      { numRuns: often(4) },
    )
  })

  it("hold for no other position and no other size, in all trees of up to 20 events", async () => {
    const { fleet, leaves } = await grown([12, 1, 7])
    const sizes = Array.from({ length: leaves.length }, (_, index) => index + 1)
    for (const size of sizes) {
      for (let position = 0; position < size; position++) {
        const proof = await inclusion(fleet, position, size)
        const others = sizes.map((other) => other - 1).filter((other) => other !== position)
        expect(others.filter((other) => includes({ ...proof, position: other }))).toStrictEqual([])
      }
      for (const from of sizes.slice(0, size)) {
        const proof = await consistency(fleet, from, size)
        expect(
          sizes.filter((other) => continues({ ...proof, from: other, fromRoot: root(leaves.slice(0, other)) })),
        ).toStrictEqual([from])
        expect(
          sizes.filter((other) => continues({ ...proof, to: other, toRoot: root(leaves.slice(0, other)) })),
        ).toStrictEqual([size])
      }
    }
  })

  it("say as of a point what it had by then", async () => {
    const { fleet, leaves } = await grown([40])
    const at = "position:20"
    expect(await invoke(proofInclusion, call(fleet), { position: 3, at })).toMatchObject({
      size: 21,
      root: root(leaves.slice(0, 21)),
    })
    expect(await invoke(proofConsistency, call(fleet), { from: 5, at })).toMatchObject({
      to: 21,
      toRoot: root(leaves.slice(0, 21)),
    })
  })

  it.each([
    ["a position beyond the end", proofInclusion, { position: 41 }, /the tree of 41 events has no position 41/],
    ["a position beyond the size", proofInclusion, { position: 7, size: 7 }, /the tree of 7 events has no position 7/],
    ["a size beyond the end", proofInclusion, { position: 7, size: 42 }, /the ledger has 41 events, not 42/],
    ["a position before the first", proofInclusion, { position: -1 }, /"position" is wrong/],
    ["half a position", proofInclusion, { position: 0.5 }, /"position" is wrong/],
    ["an empty tree", proofConsistency, { from: 0, to: 3 }, /"from" is wrong/],
    [
      "a tree that would shrink",
      proofConsistency,
      { from: 4, to: 3 },
      /a tree of 3 events can be compared with one of 1 to 3, not of 4/,
    ],
    ["a tree beyond the end", proofConsistency, { from: 4, to: 42 }, /the ledger has 41 events, not 42/],
  ])("are refused where there is nothing to prove: %s", async (_, operation, input, why) => {
    const { fleet } = await grown([40])
    const refused = { code: "InvalidInput", message: expect.stringMatching(why) }
    await expect(invoke(operation, call(fleet), input)).rejects.toMatchObject(refused)
  })
})
