/** Discord's webhooks. */
import type { Message } from "../message.js"
import { furtherLines, pageOf, titleLine } from "./text.js"

const colors = { warning: 0xe0_a8_00, critical: 0xd1_24_2f, resolved: 0x2d_a4_4e }

export function discordPayload(message: Message): object {
  return {
    content: escape(titleLine(message)),
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: "Open",
        url: pageOf(message),
        color: message.state === "resolved" ? colors.resolved : colors[message.severity],
        description: furtherLines(message).map(escape).join("\n"),
      },
    ],
  }
}

/** Any mark may be part of Markdown, of a mention or of an address that becomes a link. */
function escape(text: string): string {
  return text.replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`)
}
