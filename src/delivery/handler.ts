/** Follows the alerts, and puts what each channel is owed into the outbox, in the transaction that moves its checkpoint. */
import type { ChannelConfig } from "#config/channels.js"
import type { RecordedEvent } from "#events/catalog.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import type { Point } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { Deliveries } from "#ops/deliveries.js"
import type { Outbox, Owed } from "#ops/outbox.js"
import type { ToldOf } from "#ops/told.js"
import type { Handler } from "#subscriptions/handler.js"
import { type Raised, raisedOf } from "./compose.js"
import { alertIdOf, deliveryId, groupOf } from "./identify.js"
import { type Heard, type RecordedAlertEvent, alertTypes, react } from "./owe.js"
import type { State } from "./message.js"

export interface Judges {
  /** Whether nobody is to be told of an alert at a point, as it is silenced or what it is about is being worked on. */
  readonly isQuiet: (raised: Raised, point: Point) => Promise<boolean>
}

export interface OwingPorts {
  readonly ledger: Ledger
  readonly ops: { readonly outbox: Outbox; readonly deliveries: Deliveries; readonly told: ToldOf }
  readonly clock: Clock
  readonly channels: readonly ChannelConfig[]
  readonly judges: Judges
  /** Called once something is owed. */
  readonly wake: () => void
}

export const handlerName = "delivery"

export function owing(ports: OwingPorts): Handler {
  const { ledger, ops, clock, channels, judges, wake } = ports
  return {
    name: handlerName,
    types: alertTypes,
    async handle(event, { keep }) {
      if (!isOfAlert(event)) return
      const concerned = channels.filter(({ name }) => event.position > (ops.deliveries.since(name) ?? event.position))
      if (concerned.length === 0) return
      const raised = await raisedOf(ledger, event)
      if (raised === undefined) return
      const quiet = await judges.isQuiet(raised, { position: event.position, time: event.recordedAt })
      const heard: Heard = { event, raised, quiet, now: epochMs(clock.now()) }
      for (const channel of concerned) keep(() => oweTo(channel, heard, ops))
      keep(wake)
    },
  }
}

/** At once, within a transaction. */
function oweTo(channel: ChannelConfig, heard: Heard, { outbox, told }: OwingPorts["ops"]): void {
  const { event } = heard
  const { name } = channel
  const alert = alertIdOf(event.stream)
  const reaction = react(channel, told.of(name, alert), heard)
  if (reaction.told === null) told.forget(name, alert)
  else if (reaction.told !== undefined) told.note(reaction.told)
  if (reaction.owe !== undefined) outbox.owe(owedOf(channel, heard, reaction.owe))
}

/** What a channel is owed of an event. */
export function owedOf({ name }: ChannelConfig, { event, raised, now }: Heard, state: State): Owed {
  return {
    id: deliveryId(name, event.id),
    channel: name,
    alert: alertIdOf(event.stream),
    position: event.position,
    group: groupOf(state, raised.data.rule),
    severity: event.type === "AlertEscalated" ? event.data.severity : raised.data.severity,
    arrivedAt: now,
  }
}

export function isOfAlert(event: RecordedEvent): event is RecordedAlertEvent {
  return (alertTypes as readonly string[]).includes(event.type)
}
