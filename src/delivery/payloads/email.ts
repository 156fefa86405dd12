/** An e-mail: what stands in its head and, as plain text and as HTML, in its body. */
import { type Html, html } from "#kernel/html.js"
import { type Message, type TellableAlert, linkOf } from "../message.js"
import { furtherLines, pageOf, plain, titleLine } from "./text.js"

export interface Email {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly messageId: string
  readonly inReplyTo?: string
  readonly references: readonly string[]
}

const longestLine = 250
const linesShown = 50
/** Of that many alerts of one message a mail program can tell what belongs to them. */
const threads = 20

/** @param domain of the sender, which names of messages end with */
export function emailOf(message: Message, domain: string): Email {
  const { state, alerts } = message
  // What all messages about an alert refer to: an id that no message has, as nobody knows what was told of it together.
  const references = alerts.slice(0, threads).map(({ id }) => `<alert.${id}@${domain}>`)
  const [thread] = references
  return {
    subject: titleLine(message),
    text: textOf(message),
    html: htmlOf(message).text,
    messageId: `<${message.id}@${domain}>`,
    ...(state !== "raised" && state !== "test" && thread !== undefined && { inReplyTo: thread }),
    references,
  }
}

function textOf(message: Message): string {
  const lines = linesOf(message).map(({ text }) => text)
  return [titleLine(message), ...(lines.length > 0 ? ["", ...lines] : []), "", pageOf(message), ""].join("\n")
}

function htmlOf(message: Message): Html {
  const items = linesOf(message).map(
    ({ text, link }) => html`<li>${link === undefined ? text : anchor(link, text)}</li>`,
  )
  const list =
    items.length > 0
      ? html`<ul>
          ${items}
        </ul>`
      : null
  return html`<p><strong>${titleLine(message)}</strong></p>
    ${list}
    <p>${anchor(pageOf(message), "Open")}</p>`
}

function linesOf(message: Message): readonly { readonly text: string; readonly link?: string }[] {
  const { alerts, count, home } = message
  if (count === 1) return furtherLines(message).map((text) => ({ text }))
  const shown = alerts.slice(0, linesShown)
  const lines = shown.map((alert: TellableAlert) => ({
    text: plain(alert.title, longestLine),
    link: linkOf(alert, home),
  }))
  return count > shown.length ? [...lines, { text: `and ${count - shown.length} more` }] : lines
}

function anchor(link: string, text: string): Html {
  return html`<a href="${link}">${text}</a>`
}
