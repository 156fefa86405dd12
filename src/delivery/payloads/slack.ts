/** Slack's incoming webhooks. Not for what imitates them: Mattermost reads mentions and Markdown in the plain text that Slack does not. */
import type { Message } from "../message.js"
import { furtherLines, pageOf, titleLine } from "./text.js"

export function slackPayload(message: Message): object {
  const title = escape(titleLine(message))
  const lines = furtherLines(message)
  return {
    text: title,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: "section", text: words(title) },
      ...(lines.length > 0 ? [{ type: "context", elements: lines.map((line) => words(escape(line))) }] : []),
      { type: "context", elements: [words(`<${escape(pageOf(message)).replaceAll("|", "%7C")}|Open>`)] },
    ],
  }
}

/** Verbatim: no address or name in it becomes a link. */
function words(text: string): object {
  return { type: "mrkdwn", text, verbatim: true }
}

/** Mentions and links begin with `<`: without it there are none. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
