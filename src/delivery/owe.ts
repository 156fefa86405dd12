/** From an event of an alert to what a channel is owed of it: pure, so that a replay and the live handler cannot differ. */
import type { ChannelConfig } from "#config/channels.js"
import type { RecordedEvent } from "#events/catalog.js"
import type { Told } from "#ops/told.js"
import type { Raised } from "./compose.js"
import { alertIdOf } from "./identify.js"
import type { AlertEvent, Severity, State } from "./message.js"

export const alertTypes = [
  "AlertRaised",
  "AlertEscalated",
  "AlertAcknowledged",
  "AlertSilenced",
  "AlertResolved",
] as const

export type RecordedAlertEvent = RecordedEvent & AlertEvent

export interface Heard {
  readonly event: RecordedAlertEvent
  readonly raised: Raised
  /** Whether nobody is to be told of it at this moment. */
  readonly quiet: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface Reaction {
  readonly owe?: State
  /** What the channel knows of the alert from then on; null: nothing any more. Undefined: as before. */
  readonly told?: Told | null
}

/** @param told what the channel knows of the alert */
export function react(channel: ChannelConfig, told: Told | undefined, heard: Heard): Reaction {
  const { event, now } = heard
  const tells = (state: State) => (channel.tells as readonly string[]).includes(state)
  const isTold = told !== undefined && told.toldAt !== null
  switch (event.type) {
    case "AlertRaised":
      if (!isWanted(channel, event.data.severity)) return {}
      return channel.step > 0 ? {} : begin(channel, told, heard, "raised", tells("raised"))
    case "AlertEscalated":
      if (event.data.step < channel.step || !isWanted(channel, event.data.severity)) return {}
      return begin(channel, told, heard, "escalated", tells("escalated"))
    case "AlertAcknowledged":
      if (told === undefined) return {}
      return {
        told: { ...told, acknowledged: true, held: false },
        ...(isTold && tells("acknowledged") && { owe: "acknowledged" }),
      }
    case "AlertSilenced":
      return isTold && event.data.until !== null && tells("silenced")
        ? { owe: "silenced", told: { ...told, toldAt: now } }
        : {}
    case "AlertResolved":
      if (told === undefined) return {}
      return { told: null, ...(isTold && tells("resolved") && { owe: "resolved" }) }
  }
}

function isWanted({ severity }: ChannelConfig, of: Severity): boolean {
  return severity === "warning" || of === "critical"
}

function begin(
  { name }: ChannelConfig,
  told: Told | undefined,
  { event, quiet, now }: Heard,
  owe: State,
  isToBeTold: boolean,
): Reaction {
  if (!isToBeTold) return {}
  const alert = alertIdOf(event.stream)
  const fresh = { channel: name, alert, position: event.position, acknowledged: false, reminders: 0 }
  if (quiet) return { told: told ?? { ...fresh, toldAt: null, held: true } }
  return { owe, told: { ...(told ?? fresh), position: event.position, toldAt: now, held: false } }
}
