/** What receivers are sent: whatever the fleet calls itself, it is text there, in the form that each takes, and not too long. */
import { channels } from "#config/channels.js"
import type { Message, TellableAlert } from "#delivery/message.js"
import { payloadOf } from "#delivery/payloads/payload.js"
import { instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import { receiverForms } from "#tests/support/receiver-forms.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const at = instant(Date.parse("2026-11-23T14:00:00Z"))

function alertOf(title: string, name = title): TellableAlert {
  return {
    id: "a1",
    delivery: "d1",
    rule: "target-unreachable",
    severity: "critical",
    raisedAs: "warning",
    title,
    about: { kind: "target", name },
    count: 1,
    position: 7 as Position,
    raisedAt: at,
    at,
  }
}

function messageOf(title: string, more: Partial<Message> = {}): Message {
  return {
    id: "d1",
    state: "raised",
    rule: "target-unreachable",
    severity: "critical",
    count: 1,
    alerts: [alertOf(title)],
    home: "https://fleet.test",
    ...more,
  }
}

const kinds = ["slack", "discord", "teams", "ntfy", "gotify", "alertmanager"] as const

function sent(kind: (typeof kinds)[number], message: Message): string {
  const given = { name: "c", kind, url: "https://receiver.test/", ...(kind === "ntfy" && { topic: "fleet" }) }
  const [config] = channels.parse([given])
  if (config === undefined || config.kind === "email") throw new Error("no channel over HTTP")
  return JSON.stringify(payloadOf(config, message))
}

describe("a form", () => {
  it("of Slack's has no mention and no link of the fleet's", () => {
    const body = JSON.parse(sent("slack", messageOf("<!channel> <https://evil.test|ok> &lt;")))
    expect(body.text).toBe("&lt;!channel&gt; &lt;https://evil.test|ok&gt; &amp;lt;")
    expect(body.blocks[0].text).toStrictEqual({ type: "mrkdwn", text: body.text, verbatim: true })
  })

  it("of Discord's has no mention, no link and no Markdown of the fleet's", () => {
    const body = JSON.parse(sent("discord", messageOf("@everyone **a** [b](https://evil.test) `c`")))
    expect(body.content).toBe(String.raw`\@everyone \*\*a\*\* \[b\]\(https\:\/\/evil\.test\) ${"\\`c\\`"}`)
    expect(body.allowed_mentions).toStrictEqual({ parse: [] })
  })

  it("of Teams' has no mention, and nothing that a card or a workflow works out", () => {
    const body = JSON.parse(sent("teams", messageOf("<at>all</at> {{DATE(1)}} ${x} @{y} [b](https://evil.test)")))
    const [paragraph] = body.attachments[0].content.body
    expect(paragraph.type).toBe("RichTextBlock")
    expect(paragraph.inlines[0]).toMatchObject({
      type: "TextRun",
      text: "< at>all< /at> { {DATE(1)}} $ {x} @ {y} [b](https://evil.test)",
    })
  })

  it.each(["ntfy", "gotify"] as const)("of %s is plain text of one line each", (kind) => {
    const body = JSON.parse(sent(kind, messageOf("a\r\nb \u202E\u0007")))
    expect(body).toMatchObject({ title: "Critical: target-unreachable raised", message: String.raw`a b \u202e\u0007` })
  })

  it("of Alertmanager's names an alert the same from first to last, and ends it when it is over", () => {
    const [raised] = JSON.parse(sent("alertmanager", messageOf("gone", { alerts: [alertOf("gone", "web-1")] })))
    const [resolved] = JSON.parse(
      sent(
        "alertmanager",
        messageOf("gone", { state: "resolved", alerts: [{ ...alertOf("gone", "web-1"), severity: "warning" }] }),
      ),
    )
    expect(raised.labels).toStrictEqual({
      alertname: "target-unreachable",
      alert: "a1",
      severity: "warning",
      kind: "target",
      instance: "web-1",
    })
    expect(resolved.labels).toStrictEqual(raised.labels)
    expect([raised.startsAt, resolved.startsAt, resolved.endsAt]).toStrictEqual([at, at, at])
    expect(Date.parse(raised.endsAt)).toBeGreaterThan(Date.parse(at))
  })

  it("is what its receiver takes, and no longer, whatever it tells and holds", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3_000 }),
      fc.constantFrom("&", "<", "*", "\u0000", "\u4E00", "\u{1F600}").map((one) => one.repeat(3_000)),
    )
    // Titles are sentences, which hold what others wrote.
    const titles = hostile.map((text) => `${text} is no more`)
    const told = fc.constantFrom("raised", "escalated", "acknowledged", "silenced", "resolved", "reminder", "test")
    const severities = fc.constantFrom("warning", "critical")
    fc.assert(
      fc.property(titles, fc.integer({ min: 1, max: 5_000 }), told, severities, (title, count, state, severity) => {
        const alerts: Message["alerts"] = [
          alertOf(title),
          ...Array.from({ length: Math.min(count, 100) - 1 }, () => alertOf(title)),
        ]
        const message = messageOf(title, { count, alerts, state, severity })
        for (const kind of kinds) {
          const body = sent(kind, message)
          expect({ kind, wrong: receiverForms[kind].safeParse(JSON.parse(body)).error }).toEqual({ kind })
          expect(body).not.toMatch(/\\ud[89a-f]/)
        }
      }),
      { numRuns: 50 },
    )
  })
})
