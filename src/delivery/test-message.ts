/** A message that is about nothing, for who wants to know whether a channel works. */
import type { Instant } from "#kernel/clock.js"
import { contentId } from "#kernel/ids.js"
import { origin } from "#kernel/point.js"
import type { Message } from "./message.js"

export function testMessage(channel: string, home: string, at: Instant): Message {
  const id = contentId(["test", channel, at].join("\n"))
  const rule = "test"
  const severity = "warning"
  const title = `fleet-ledger reaches the channel ${channel}`
  return {
    id,
    state: "test",
    rule,
    severity,
    count: 1,
    alerts: [
      {
        id,
        delivery: id,
        rule,
        severity,
        raisedAs: severity,
        title,
        about: { kind: "fleet" },
        count: 1,
        position: origin,
        raisedAt: at,
        at,
      },
    ],
    home,
  }
}
