/** What is owed by the clock alone: alerts that could not be told when they were raised and now can, and those that nobody has taken on for long. */
import type { ChannelConfig } from "#config/channels.js"
import type { Clock } from "#kernel/clock.js"
import type { Ledger } from "#ledger/port.js"
import type { Checkpoints } from "#ops/checkpoints.js"
import type { Told } from "#ops/told.js"
import { raisedOf } from "./compose.js"
import type { Judges, OwingPorts } from "./handler.js"
import { deliveryId, groupOf } from "./identify.js"
import type { Severity, State } from "./message.js"

export interface RemindingPorts {
  readonly ledger: Ledger
  readonly ops: OwingPorts["ops"] & { readonly checkpoints: Checkpoints }
  readonly judges: Judges
  readonly clock: Clock
}

const atOnce = 500

/** @throws FleetError as the stores do */
export async function remind(ports: RemindingPorts, channel: ChannelConfig, now: number): Promise<void> {
  const { told } = ports.ops
  const before = channel.repeat === undefined ? Number.MIN_SAFE_INTEGER : now - channel.repeat
  for (let after = ""; ;) {
    const page = await told.due(channel.name, before, after, atOnce)
    for (const known of page) await remindOf(ports, known, now)
    const last = page.at(-1)
    if (last === undefined) return
    after = last.alert
  }
}

async function remindOf({ ledger, ops, judges, clock }: RemindingPorts, known: Told, now: number): Promise<void> {
  const { channel, alert, position, held, reminders } = known
  const [event] = await ledger.readAt([position])
  const raised = event === undefined ? undefined : await raisedOf(ledger, event)
  if (event === undefined || raised === undefined) return
  const { position: head } = await ledger.head()
  if (await judges.isQuiet(raised, { position: head, time: clock.now() })) return
  const again = held ? 0 : reminders + 1
  const state: State = held ? (event.type === "AlertEscalated" ? "escalated" : "raised") : "reminder"
  const severity: Severity = event.type === "AlertEscalated" ? event.data.severity : raised.data.severity
  const write = () => {
    const present = ops.told.of(channel, alert)
    // Meanwhile it was told, taken on or mended; or what was told before is still owed.
    if (present?.toldAt !== known.toldAt || present.acknowledged || ops.outbox.owes(channel, alert)) return
    ops.told.note({ ...present, toldAt: now, held: false, reminders: again })
    ops.outbox.owe({
      id: deliveryId(channel, event.id, again),
      channel,
      alert,
      position,
      group: groupOf(state, raised.data.rule),
      severity,
      arrivedAt: now,
    })
  }
  await ops.checkpoints.write([write])
}
