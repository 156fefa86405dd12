/** Sends after all what was given up. What is about alerts that are over by now is not told any more: it would make them look open again. */
import type { Clock } from "#kernel/clock.js"
import { epochMs } from "#kernel/clock.js"
import type { Ledger } from "#ledger/port.js"
import type { Delivery } from "#ops/deliveries.js"
import type { Owed } from "#ops/outbox.js"
import type { RecordedEvent } from "#events/catalog.js"
import { raisedOf } from "./compose.js"
import type { OwingPorts } from "./handler.js"
import { alertIdOf, deliveryId, groupParts, reminderId } from "./identify.js"

export interface RetryPorts {
  readonly ledger: Ledger
  readonly ops: Pick<OwingPorts["ops"], "outbox" | "deliveries">
  readonly clock: Clock
}

export interface Retried {
  /** Messages that are owed again, or are tried at once instead of later. */
  readonly messages: number
  /** Alerts that are not told any more, as they are over. */
  readonly over: number
}

/** @throws FleetError as the stores do */
export async function retry({ ledger, ops, clock }: RetryPorts, delivery: Delivery): Promise<Retried> {
  const { channel, members, state } = delivery
  const now = epochMs(clock.now())
  if (state === "owed") {
    await ops.deliveries.hasten(delivery, now)
    return { messages: 1, over: 0 }
  }
  const rows: Owed[] = []
  for (const event of await ledger.readAt(members)) {
    if (event.type === "AlertResolved" || !(await isOver(ledger, event)))
      rows.push(await rowOf(ledger, delivery, event))
  }
  await ops.outbox.revive(delivery, rows, now)
  await ops.deliveries.release(channel)
  return { messages: Math.min(rows.length, 1), over: members.length - rows.length }
}

async function isOver(ledger: Ledger, { stream }: RecordedEvent): Promise<boolean> {
  const last = await ledger.readStream(stream, { limit: 10, backwards: true })
  return last.some(({ type }) => type === "AlertResolved")
}

async function rowOf(ledger: Ledger, delivery: Delivery, event: RecordedEvent): Promise<Owed> {
  const { id, channel, group, owedAt } = delivery
  const raised = await raisedOf(ledger, event)
  return {
    id: groupParts(group).state === "reminder" ? reminderId(id, event.id) : deliveryId(channel, event.id),
    channel,
    alert: alertIdOf(event.stream),
    position: event.position,
    group,
    severity: event.type === "AlertEscalated" ? event.data.severity : (raised?.data.severity ?? delivery.severity),
    arrivedAt: owedAt,
  }
}
