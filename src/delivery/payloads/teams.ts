/** Teams, by a workflow that posts what it is sent: an adaptive card of runs of text, in which no Markdown is read. */
import type { Message } from "../message.js"
import { furtherLines, pageOf, titleLine } from "./text.js"

export function teamsPayload(message: Message): object {
  const color = message.state === "resolved" ? "good" : message.severity === "critical" ? "attention" : "warning"
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            paragraph({ text: titleLine(message), weight: "bolder", color }),
            ...furtherLines(message).map((text) => paragraph({ text, isSubtle: true })),
          ],
          actions: [{ type: "Action.OpenUrl", title: "Open", url: pageOf(message) }],
        },
      },
    ],
  }
}

function paragraph(run: { readonly text: string; readonly [style: string]: unknown }): object {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", ...run, text: escape(run.text) }] }
}

/** What cards and workflows would work out, `{{DATE(…)}}`, `${…}` and `@{…}`, and what stands for a mention, is told apart by a space. */
function escape(text: string): string {
  return text.replaceAll(/[{$@](?=\{)/g, "$& ").replaceAll(/<(?=\/?at\b)/gi, "< ")
}
