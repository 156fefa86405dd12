/** Everything in the ledger derived anew, and held against what was signed. */
import * as z from "zod"
import { verify as verifyLedger } from "#ledger/proof/verify.js"
import { vouchedFor } from "#ledger/proof/vouched.js"
import { job } from "./define.js"

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
    const vouched = await vouchedFor(call.fleet, input)
    const verdict = await verifyLedger(
      call.fleet.ledger,
      vouched,
      (done, total) => call.progress(done, total, "events"),
      call.signal,
    )
    return { ok: verdict.wrong === null, ...verdict }
  },
})
