/**
 * Tells a channel again what it was told from a position on, in the same order: by the same pure reaction as the first time. Each alert in it is known by the
 * delivery id that it had. The messages are new ones: who drops messages that he has would hear that something began, grouped otherwise, and not that it ended.
 */
import * as crypto from "node:crypto"
import type { ChannelConfig } from "#config/channels.js"
import { epochMs } from "#kernel/clock.js"
import { contentId } from "#kernel/ids.js"
import { type Position, position } from "#kernel/point.js"
import type { Owed } from "#ops/outbox.js"
import type { Told } from "#ops/told.js"
import { type Raised, raisedOf } from "./compose.js"
import { handlerName, isOfAlert, owedOf } from "./handler.js"
import { alertIdOf } from "./identify.js"
import { type RecordedAlertEvent, alertTypes, react } from "./owe.js"
import type { RemindingPorts } from "./remind.js"

const atOnce = 500

/** @returns how many events are owed again. @throws FleetError as the stores do */
export async function replay(ports: RemindingPorts, channel: ChannelConfig, from: Position): Promise<number> {
  const { ledger, ops, clock } = ports
  const now = epochMs(clock.now())
  // What comes behind it is told by the handler.
  const upTo = ops.checkpoints.of(handlerName)
  const known = new Map<string, { readonly raised: Raised; readonly told: Told | undefined }>()
  const owed: Owed[] = []
  for (let after = position(from - 1); ;) {
    const events = await ledger.readAll({ after, upTo, types: [...alertTypes], limit: atOnce })
    for (const event of events) {
      if (!isOfAlert(event)) continue
      const alert = alertIdOf(event.stream)
      const before = known.get(alert) ?? (await knownBefore(ports, channel, event, now))
      if (before === undefined) continue
      const heard = await hear(ports, event, before.raised, now)
      const reaction = react(channel, before.told, heard)
      known.set(alert, { ...before, told: reaction.told === undefined ? before.told : (reaction.told ?? undefined) })
      if (reaction.owe !== undefined) owed.push(owedOf(channel, heard, reaction.owe))
    }
    const last = events.at(-1)
    if (last === undefined) break
    after = last.position
  }
  await ops.checkpoints.write([
    () => {
      for (const { raised, told } of known.values()) {
        if (told === undefined) continue
        const present = ops.told.of(channel.name, told.alert)
        // Held back then, and told once it could be: without a trace but this.
        const wasTold = told.held && present !== undefined && present.toldAt !== null && raised.position >= from
        if (wasTold) owed.push(owedOf(channel, { event: raised, raised, quiet: false, now }, "raised"))
        if (present === undefined) ops.told.note(told)
      }
      const replayed = crypto.randomUUID()
      const rows = owed.map((row) => ({ ...row, id: contentId([replayed, row.id].join("\n")) }))
      ops.outbox.replay(channel.name, from, rows)
    },
  ])
  await ops.deliveries.release(channel.name)
  return owed.length
}

/** What the channel knew of an alert before an event of it. Undefined for a stream of something else. */
async function knownBefore(ports: RemindingPorts, channel: ChannelConfig, event: RecordedAlertEvent, now: number) {
  const raised = await raisedOf(ports.ledger, event)
  if (raised === undefined) return undefined
  const story = await ports.ledger.readStream(event.stream, { limit: 1_000 })
  let told: Told | undefined
  for (const earlier of story) {
    if (earlier.position >= event.position || !isOfAlert(earlier)) continue
    const reaction = react(channel, told, await hear(ports, earlier, raised, now))
    told = reaction.told === undefined ? told : (reaction.told ?? undefined)
  }
  return { raised, told }
}

async function hear({ judges }: RemindingPorts, event: RecordedAlertEvent, raised: Raised, now: number) {
  const quiet = await judges.isQuiet(raised, { position: event.position, time: event.recordedAt })
  return { event, raised, quiet, now }
}
