/** Taking a text out of everything that was recorded, with every proof intact. */
import * as z from "zod"
import { redactText } from "#ledger/redaction.js"
import { job } from "./define.js"

const shortest = 4
const reason = "say why, in one line of 3 to 500 characters"

export const redact = job({
  name: "redact",
  summary: "Mask a text in everything that was recorded, saying who did it and why; every proof still holds",
  scope: "admin",
  input: z.object({
    text: z
      .string()
      .min(shortest, `at least ${shortest} characters: a shorter text would be found in too many places`)
      .max(10_000)
      .describe("The text, exactly; @FILE reads it from a file, @- from standard input"),
    reason: z
      .string(reason)
      .regex(/^[^\n\r]{3,500}$/, reason)
      .describe("Why; stays in the ledger for ever"),
    ticket: z.string().min(1).max(200).optional().describe("Where that was decided"),
  }),
  output: z.object({
    payloads: z.int().describe("Payloads that held it"),
    mask: z.string().describe("What stands there now"),
    envelopes: z.array(z.int()).describe("Positions whose envelope holds it, where it stays"),
    position: z.int().describe("Of the event that tells of it"),
  }),
  route: { method: "POST", path: "/api/v1/redactions" },
  command: {
    name: "redact",
    positional: [],
    files: ["text"],
    examples: ['redact --text @secret.txt --reason "a password in a service description"'],
  },
  async run({ fleet, principal, progress, signal }, input) {
    const { text, reason: why, ticket } = input
    const metadata = { actor: principal.name, reason: why, ...(ticket === undefined ? {} : { ticket }) }
    const count = (done: number, total: number) => progress(done, total, "events")
    const redaction = await redactText(fleet.ledger, text, metadata, fleet.clock, count, signal)
    // From here on to the end: what was taken out of the ledger must not live on in what was made of it.
    await fleet.ops.forget(text, redaction.mask)
    await fleet.rebuild(count, new AbortController().signal)
    await fleet.sealing.now()
    return { ...redaction }
  },
})
