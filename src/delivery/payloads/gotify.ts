/** Gotify's messages, as plain text. */
import type { Message } from "../message.js"
import { furtherLines, pageOf, subjectLine, titleLine } from "./text.js"

export function gotifyPayload(message: Message): object {
  return {
    title: subjectLine(message),
    message: [titleLine(message), ...furtherLines(message)].join("\n"),
    priority: message.state === "resolved" ? 2 : message.severity === "critical" ? 8 : 5,
    extras: {
      "client::display": { contentType: "text/plain" },
      "client::notification": { click: { url: pageOf(message) } },
    },
  }
}
