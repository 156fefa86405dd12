/** A channel to mailboxes: of each message it is known here who has it, so that those are not written to again while others wait for it. */
import type { EmailConfig } from "#config/channels.js"
import type { Channel } from "./channel.js"
import { emailOf } from "./payloads/email.js"
import { type SmtpPorts, sendMail } from "./smtp.js"

/** Messages of which it is known who has them; of others all are written to once more, under the same id. */
const remembered = 1_000

export function emailChannel(config: EmailConfig, ports: SmtpPorts): Channel {
  const reached = new Map<string, ReadonlySet<string>>()
  const domain = config.from.slice(config.from.lastIndexOf("@") + 1)
  return {
    config,
    most: 10_000,
    named: 100,
    atOnce: 2,
    async send(message, signal) {
      const have = reached.get(message.id) ?? new Set()
      const lacking = config.to.filter((address) => !have.has(address))
      const { outcome, accepted } = await sendMail(config, lacking, emailOf(message, domain), ports, signal)
      reached.delete(message.id)
      if (outcome.is !== "taken" && accepted.length + have.size > 0) {
        reached.set(message.id, new Set([...have, ...accepted]))
        for (const [oldest] of reached) if (reached.size > remembered) reached.delete(oldest)
      }
      return outcome
    },
  }
}
