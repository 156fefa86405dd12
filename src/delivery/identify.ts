/** Names of what is delivered, all made from the channel and the event. */
import { type EventId, contentId } from "#kernel/ids.js"
import type { State } from "./message.js"

/** What a receiver knows an event by that comes again. */
export function deliveryId(channel: string, event: EventId, again = 0): string {
  return contentId(["delivery", channel, event, again].join("\n"))
}

/** By a message that says an event once more: how often it was said is not known any more when it is put together. */
export function reminderId(message: string, event: EventId): string {
  return contentId(["reminder", message, event].join("\n"))
}

/** What may be told in one message: what happened, under which rule. */
export function groupOf(state: State, rule: string): string {
  return `${state} ${rule}`
}

export function groupParts(group: string): { readonly state: State; readonly rule: string } {
  const space = group.indexOf(" ")
  return { state: group.slice(0, space) as State, rule: group.slice(space + 1) }
}

export function alertIdOf(stream: string): string {
  return stream.slice("alert-".length)
}
