/** One event, with the bytes that it was sealed by and what leads from them to a signed checkpoint: whoever asks can check it without believing the answer. */
import * as z from "zod"
import { catalog } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import { parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { inclusionProof } from "#ledger/proof/prove.js"
import { markedChangeOf } from "#drift/marked.js"
import type { Fleet } from "#fleet.js"
import { query } from "./define.js"
import { changeShape } from "./shapes.js"

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
const aPosition = "a whole number from 0"

export const event = query({
  name: "event",
  summary: "Show one event as it is kept, with what proves it",
  scope: "read",
  input: z.object({
    position: z.coerce.number(aPosition).int(aPosition).min(0, aPosition).describe("Its position in the ledger"),
  }),
  output: z.object({
    change: changeShape.nullable().describe("What it changed; null for an account of the ledger's own work"),
    type: z.string(),
    actor: z.string(),
    recordedAt: z.iso.datetime(),
    head: z.string().describe("Its envelope without the payload, in the canonical JSON (RFC 8785) that was hashed"),
    data: z.string().describe("Its payload, likewise"),
    run: z
      .int()
      .nullable()
      .describe(
        "Position of the account of the look that told it, which says what that look covered; null without one",
      ),
    salt: z
      .string()
      .nullable()
      .describe("Base64: dataHash = SHA-256(salt ‖ data); null where the payload was redacted"),
    dataHash: z.string().nullable().describe("Hexadecimal: what is left of a payload that was redacted"),
    leaf: z.string().describe("Base64: SHA-256(0x00 ‖ the head with dataHash in front)"),
    proof: z
      .object({
        size: z.int().describe("Events that the checkpoint vouches for"),
        path: z.array(z.string()).describe("Hashes, base64, that lead from the leaf to the root (RFC 6962)"),
        root: z.string(),
        note: z.string().describe("The signed checkpoint"),
        key: z.string().describe("The key that signs now; whom to believe is for you to know from elsewhere"),
      })
      .nullable()
      .describe("Null while no checkpoint vouches for it"),
  }),
  route: { method: "GET", path: "/api/v1/events/{position}" },
  command: { name: "event", positional: ["position"], examples: ["event 42", "event 42 --output json"] },
  async run({ fleet, point }, input) {
    const position = input.position as Position
    const { ledger, views } = fleet
    const before = { after: (position - 1) as Position, limit: 1 }
    const [[stored], [read]] = [await ledger.readStored(before), await ledger.readAt([position])]
    if (stored === undefined || read === undefined || position > point.position)
      throw new FleetError("NotFound", `there is no event ${position} yet: the last one is ${point.position}`)
    const { head, data, seal, leaf } = stored
    const { actor, runId } = read.metadata
    const isRedacted = "dataHash" in seal
    return {
      change: catalog[read.type].change ? await markedChangeOf(views, read) : null,
      type: read.type,
      actor,
      recordedAt: read.recordedAt,
      head,
      data,
      run: runId === undefined ? null : ((await views.runs.ended(runId, point.position)) ?? null),
      salt: isRedacted ? null : base64(seal.salt),
      dataHash: isRedacted ? Buffer.from(seal.dataHash).toString("hex") : null,
      leaf: base64(leaf),
      proof: await proofOf(fleet, position),
    }
  },
})

/** By the newest checkpoint, which the key in force has signed. */
async function proofOf({ ledger, sealer }: Fleet, position: Position) {
  const latest = await sealer.latest()
  if (latest === undefined || latest.size <= position) return null
  const { size, note } = latest
  const path = await inclusionProof(ledger, position, size)
  const root = base64(parseCheckpoint(note).checkpoint.root)
  return { size, note, root, path: path.map(base64), key: (await sealer.signer()).text }
}
