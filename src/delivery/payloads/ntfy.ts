/** ntfy, as JSON, which is sent to the server itself: the topic is in it. Its texts are plain ones, of 4,096 bytes at most. */
import type { Message } from "../message.js"
import { furtherLines, pageOf, subjectLine, titleLine } from "./text.js"

export function ntfyPayload(message: Message, topic: string): object {
  return {
    topic,
    title: subjectLine(message),
    message: [titleLine(message), ...furtherLines(message)].join("\n"),
    priority: message.state === "resolved" ? 2 : message.severity === "critical" ? 5 : 3,
    click: pageOf(message),
  }
}
