/** A channel: what it is told, and how it is sent a message. */
import type { ChannelConfig } from "#config/channels.js"
import type { Message } from "./message.js"
import type { Outcome } from "./outcome.js"

export interface Channel {
  readonly config: ChannelConfig
  /** Alerts that one message may tell of, and those that it names. */
  readonly most: number
  readonly named: number
  /** Messages that are on their way at the same time. */
  readonly atOnce: number
  /** Never throws. */
  send(message: Message, signal: AbortSignal): Promise<Outcome>
}
