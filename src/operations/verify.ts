/** Everything in the ledger derived anew, and held against what was signed. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import { origin as beginning } from "#kernel/point.js"
import { type VerifierKey, parseVerifierKey, signerOf } from "#ledger/proof/note.js"
import { type Vouched, verify as verifyLedger } from "#ledger/proof/verify.js"
import { type Call, job } from "./define.js"

export const verify = job({
  name: "verify",
  summary:
    "Check the whole ledger against its tree, its checkpoints and those kept elsewhere; name the first thing that is wrong",
  scope: "read",
  input: z.object({
    checkpoint: z.string().max(4_000).optional().describe("A signed note that was kept elsewhere"),
    key: z
      .string()
      .max(300)
      .optional()
      .describe("Verifier key that signed first; the present one without it if it never changed"),
  }),
  output: z.object({
    ok: z.boolean(),
    events: z.int(),
    root: z.string(),
    checkpoints: z.int().describe("Checkpoints that agree"),
    redacted: z.int(),
    unread: z
      .array(z.object({ first: z.int(), last: z.int(), message: z.string() }))
      .describe("Archives that are not there; their roots agree with what was signed"),
    wrong: z.object({ position: z.int().nullable(), message: z.string() }).nullable(),
  }),
  route: { method: "POST", path: "/api/v1/verify" },
  command: {
    name: "verify",
    positional: [],
    files: ["checkpoint", "key"],
    examples: ["verify", "verify --checkpoint @kept.note --key @ledger.key"],
  },
  async run(call, input) {
    const vouched = await vouchedFor(call, input["checkpoint"], input["key"])
    const verdict = await verifyLedger(
      call.fleet.ledger,
      vouched,
      (done, total) => call.progress(done, total, "events"),
      call.signal,
    )
    return { ok: verdict.wrong === null, ...verdict }
  },
})

/** What was given, and what the signer itself remembers, outside the ledger. */
async function vouchedFor({ fleet }: Call, checkpoint: unknown, key: unknown): Promise<Vouched> {
  const { ledger, sealer, keys } = fleet
  if ((await ledger.head()).position < 0) throw new FleetError("NotFound", "the ledger is empty")
  const origin = await sealer.origin()
  const remembered = keys.lastSigned(origin)
  const given =
    typeof checkpoint === "string" ? [{ where: "the checkpoint that was given", note: noteOf(checkpoint) }] : []
  return {
    key: typeof key === "string" ? parseVerifierKey(key) : await keyOf(fleet),
    laterKeys: [await sealer.signer(), ...keys.otherKeys(origin).map((other) => signerOf(origin, other))],
    checkpoints: [
      ...given,
      ...(remembered === undefined ? [] : [{ where: "the checkpoint that was signed last", note: remembered }]),
    ],
  }
}

/** The shell takes a text's last line end away. */
function noteOf(given: string): string {
  return `${given.trimEnd()}\n`
}

/** The key that signs now, if it is the one that signed first. */
async function keyOf({ ledger, sealer }: Call["fleet"]): Promise<VerifierKey | undefined> {
  try {
    const rotations = await ledger.readAll({ after: beginning, types: ["SigningKeyRotated"], limit: 1 })
    return rotations.length === 0 ? sealer.signer() : undefined
  } catch (error) {
    // There was one, in an archive that is not there.
    if (error instanceof FleetError && error.code === "ArchiveUnavailable") return undefined
    throw error
  }
}
