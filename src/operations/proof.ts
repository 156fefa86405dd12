/** Proofs: checkpoints of the ledger, that an event is in one, that one continues another, and the key that signs them. */
import * as z from "zod"
import type { Position } from "#kernel/point.js"
import { type Checkpoint, parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { consistencyProof, inclusionProof, rootAt } from "#ledger/proof/prove.js"
import type { Hash } from "#ledger/proof/tree.js"
import { type QueryCall, command, query } from "./define.js"

const hash = z.string().describe("SHA-256, base64")

function whole(what: string, least: number) {
  const allowed = `a whole number from ${least}`
  return z.coerce.number(allowed).int(allowed).min(least, allowed).describe(what)
}

const checkpoint = z.object({
  size: z.int().describe("Events that it vouches for"),
  root: hash,
  position: z.int().describe("Of the event that tells of it"),
  note: z.string().describe("Signed note (C2SP tlog-checkpoint): keep it where nobody here can write"),
})

export const proofCheckpoint = command({
  name: "proof checkpoint",
  summary: "Sign everything that is in the ledger, and show the signed checkpoint",
  scope: "operate",
  input: z.object({}),
  output: checkpoint,
  route: { method: "POST", path: "/api/v1/proof/checkpoints" },
  command: { name: "proof checkpoint", positional: [], examples: ["proof checkpoint", "proof checkpoint > kept.note"] },
  async run({ fleet }) {
    const sealed = await fleet.sealing.now()
    return { ...sealed, root: text(parseCheckpoint(sealed.note).checkpoint.root) }
  },
})

export const proofInclusion = query({
  name: "proof inclusion",
  summary: "Prove that an event is in the tree of the ledger's first events (RFC 6962)",
  scope: "read",
  withoutViews: true,
  input: z.object({
    position: whole("Position of the event", 0),
    size: whole("Number of events in the tree; all up to `at` without it", 1).optional(),
  }),
  output: z.object({ position: z.int(), size: z.int(), leaf: hash, root: hash, path: z.array(hash) }),
  route: { method: "GET", path: "/api/v1/proof/inclusion" },
  command: {
    name: "proof inclusion",
    positional: ["position"],
    examples: ["proof inclusion 42", "proof inclusion 42 --size 100 --output json"],
  },
  async run(call, input) {
    const { ledger } = call.fleet
    const size = input.size ?? sizeOf(call)
    const position = input.position as Position
    const path = await inclusionProof(ledger, position, size)
    const [leaf] = await ledger.nodes([{ level: 0, index: position }])
    return { position, size, leaf: text(leaf as Hash), root: text(await rootAt(ledger, size)), path: path.map(text) }
  },
})

export const proofConsistency = query({
  name: "proof consistency",
  summary: "Prove that the ledger of so many events is the beginning of a later one (RFC 6962)",
  scope: "read",
  withoutViews: true,
  input: z.object({
    from: whole("Number of events in the earlier tree", 1),
    to: whole("Number of events in the later tree; all up to `at` without it", 1).optional(),
  }),
  output: z.object({ from: z.int(), to: z.int(), fromRoot: hash, toRoot: hash, proof: z.array(hash) }),
  route: { method: "GET", path: "/api/v1/proof/consistency" },
  command: {
    name: "proof consistency",
    positional: ["from", "[to]"],
    examples: ["proof consistency 100", "proof consistency 100 250 --output json"],
  },
  async run(call, input) {
    const { ledger } = call.fleet
    const [from, to] = [input.from, input.to ?? sizeOf(call)]
    const proof = await consistencyProof(ledger, from, to)
    const roots = [await rootAt(ledger, from), await rootAt(ledger, to)] as const
    return { from, to, fromRoot: text(roots[0]), toRoot: text(roots[1]), proof: proof.map(text) }
  },
})

export const proofKey = query({
  name: "proof key",
  summary: "Show the public key that checkpoints are checked with",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ key: z.string().describe("Verifier key (C2SP signed-note)") }),
  route: { method: "GET", path: "/api/v1/proof/key" },
  command: { name: "proof key", positional: [], examples: ["proof key", "proof key > ledger.key"] },
  run: async ({ fleet }) => ({ key: (await fleet.sealer.signer()).text }),
})

export const proofRotate = command({
  name: "proof rotate",
  summary: "Make a new signing key; the old one says so in the ledger",
  scope: "admin",
  input: z.object({}),
  output: checkpoint.extend({ key: z.string() }),
  route: { method: "POST", path: "/api/v1/proof/key" },
  command: { name: "proof rotate", positional: [], examples: ["proof rotate"] },
  async run({ fleet }) {
    const sealed = await fleet.sealer.rotate()
    const { root }: Checkpoint = parseCheckpoint(sealed.note).checkpoint
    return { ...sealed, root: text(root), key: (await fleet.sealer.signer()).text }
  },
})

function sizeOf({ point }: QueryCall): number {
  return point.position + 1
}

function text(bytes: Hash): string {
  return Buffer.from(bytes).toString("base64")
}
