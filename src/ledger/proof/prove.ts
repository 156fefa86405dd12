/** Roots and proofs of a ledger, as RFC 6962 has them: which hashes they need is `tree.ts`'s to say, the ledger has them. */
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Ledger } from "../port.js"
import { type Hash, type ProofPlan, consistencyPlan, cover, fold, inclusionPlan } from "./tree.js"

/** The root of the tree of the first `size` leaves. @throws FleetError `InvalidInput` when there are fewer */
export async function rootAt(ledger: Ledger, size: number): Promise<Hash> {
  await mustHold(ledger, size)
  return fold(await ledger.nodes(cover(0, size)))
}

/** From the leaf upwards. @throws FleetError `InvalidInput` */
export async function inclusionProof(ledger: Ledger, position: Position, size: number): Promise<readonly Hash[]> {
  await mustHold(ledger, size)
  if (position < 0 || position >= size) {
    throw new FleetError("InvalidInput", `the tree of ${size} events has no position ${position}`)
  }
  return hashesOf(ledger, inclusionPlan(position, size))
}

/** @throws FleetError `InvalidInput` */
export async function consistencyProof(ledger: Ledger, from: number, to: number): Promise<readonly Hash[]> {
  await mustHold(ledger, to)
  if (from < 1 || from > to) {
    throw new FleetError(
      "InvalidInput",
      `a tree of ${to} events can be compared with one of 1 to ${to}, not of ${from}`,
    )
  }
  return hashesOf(ledger, consistencyPlan(from, to))
}

async function hashesOf(ledger: Ledger, plan: ProofPlan): Promise<Hash[]> {
  const hashes: Hash[] = []
  for (const subtrees of plan) hashes.push(fold(await ledger.nodes(subtrees)))
  return hashes
}

async function mustHold(ledger: Ledger, size: number): Promise<void> {
  const { position } = await ledger.head()
  if (size > position + 1) {
    throw new FleetError("InvalidInput", `the ledger has ${position + 1} events, not ${size}`)
  }
}
