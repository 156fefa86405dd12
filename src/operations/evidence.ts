/** Evidence of a period for auditors, in one signed archive. */
import * as z from "zod"
import { evidence as evidenceOf, mustHold } from "#reports/evidence.js"
import { periodBefore } from "#timeline/period.js"
import { text } from "./define.js"
import { provedBy } from "./export.js"

const aNumber = "a whole number from 1"

export const evidence = text({
  name: "evidence",
  summary:
    "Export evidence of a period: state at both ends, all changes, coverage and access, with proofs, in one signed archive",
  scope: "read",
  accounted: { as: "export", what: "since" },
  input: z.object({
    since: z.string().max(100).describe("Beginning of the period, a point in time; it ends at `at`"),
    checkpoint: z.coerce
      .number(aNumber)
      .int(aNumber)
      .min(1, aNumber)
      .optional()
      .describe("Prove it against the checkpoint of so many events; against a new one without it"),
  }),
  mediaTypes: ["application/x-tar"],
  route: { method: "GET", path: "/api/v1/evidence" },
  command: {
    name: "evidence",
    positional: ["since"],
    examples: ["evidence -30d > evidence.tar", "evidence 2026-10-01 --at 2026-11-01 > october.tar"],
  },
  async run(call, { since, checkpoint }) {
    const { fleet, point, signal } = call
    const begin = await periodBefore(fleet, point, since)
    mustHold(begin, point)
    const { note } = await provedBy(call, checkpoint)
    const sign = (said: string) => fleet.sealer.sign(said)
    const asked = { line: fleet, ledger: fleet.ledger, begin, point, note, sign, signal }
    return { mediaType: "application/x-tar", pieces: evidenceOf(asked) }
  },
})
