/** Puts a message together from the ledger when it is sent: nothing of an alert's words is kept beside the ledger, so a redaction reaches them. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Ledger } from "#ledger/port.js"
import type { Delivery } from "#ops/deliveries.js"
import { alertIdOf, deliveryId, groupParts, reminderId } from "./identify.js"
import type { Message, Severity, TellableAlert } from "./message.js"

export type Raised = RecordedEvent & { readonly type: "AlertRaised" }

/** The event that an alert began with. Undefined for a stream that begins otherwise. */
export async function raisedOf(ledger: Ledger, event: RecordedEvent): Promise<Raised | undefined> {
  if (event.type === "AlertRaised") return event
  const [first] = await ledger.readStream(event.stream, { limit: 1 })
  return first?.type === "AlertRaised" ? first : undefined
}

/** @param most alerts that it names. @throws FleetError as the ledger does */
export async function compose(ledger: Ledger, home: string, delivery: Delivery, most: number): Promise<Message> {
  const { state, rule } = groupParts(delivery.group)
  const events = await ledger.readAt(delivery.members.slice(0, most))
  const alerts: TellableAlert[] = []
  for (const event of events) {
    const raised = await raisedOf(ledger, event)
    if (raised !== undefined) alerts.push(tellable(delivery, event, raised))
  }
  const [first, ...others] = alerts
  if (first === undefined) throw new Error("the events that it tells of are not in the ledger")
  return {
    id: delivery.id,
    state,
    rule,
    severity: delivery.severity as Severity,
    count: delivery.members.length,
    alerts: [first, ...others],
    home,
  }
}

function tellable({ id, channel, group }: Delivery, event: RecordedEvent, raised: Raised): TellableAlert {
  const isReminder = groupParts(group).state === "reminder"
  const { rule, title, about, count = 1 } = raised.data
  return {
    id: alertIdOf(event.stream),
    delivery: isReminder ? reminderId(id, event.id) : deliveryId(channel, event.id),
    rule,
    severity: severityAt(event, raised),
    raisedAs: raised.data.severity,
    title,
    about,
    count,
    position: raised.position,
    raisedAt: raised.recordedAt,
    at: event.recordedAt,
    by: event.type === "AlertRaised" ? undefined : event.metadata.actor,
    reason: event.metadata.reason,
  }
}

function severityAt(event: RecordedEvent, raised: Raised): Severity {
  return event.type === "AlertEscalated" ? event.data.severity : raised.data.severity
}
