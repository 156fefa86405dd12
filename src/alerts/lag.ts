/**
 * Tells of whoever follows the ledger and is behind for long: it may be paused and forgotten, have failed, or not keep up. No rule can, as rules are asked by one of those who follow.
 */
import type { AlertAbout } from "#events/alert.js"
import type { NewEvent } from "#events/catalog.js"
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import { type StreamName, alertId, newRunId } from "#kernel/ids.js"
import { position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import type { ViewsReader } from "#projections/views.js"
import type { SubscriptionAccount, Subscriptions } from "#subscriptions/subscriptions.js"
import { type Regular, type Times, regularly } from "./regularly.js"
import { resolveAlert } from "./resolve.js"
import { titled } from "./rule.js"

export interface LagPorts {
  readonly ledger: Ledger
  readonly views: Pick<ViewsReader, "alerts">
  readonly subscriptions: Pick<Subscriptions, "list">
  readonly clock: Clock
}

export const lagRule = "subscription-lag"
/** What was recorded longer ago ought to have been handled. */
const longMs = 900_000
const everyMs = 60_000

/** Whoever has just begun may have a day to catch up with, so the first time is when it has had as long as that. @param failed hears of what could not be told; it is tried again */
export function watchLag(ports: LagPorts, times: Times, failed: (error: unknown) => void): Regular {
  return regularly(() => tellLag(ports), { afterMs: longMs, everyMs }, times, failed)
}

/** Raises what is to be told and is not yet, and resolves what is over. */
export async function tellLag(ports: LagPorts): Promise<void> {
  const { ledger, views, subscriptions, clock } = ports
  const { position: head } = await ledger.head()
  const due = await ledger.positionAt(instant(epochMs(clock.now()) - longMs))
  const open = await views.alerts.openOf(lagRule, position(head + 1))
  for (const account of await subscriptions.list()) {
    const about = { kind: "subscription", name: account.name } as const
    const known = open.find(({ about: { name } }) => name === account.name)
    if (account.position >= due) {
      if (known !== undefined) await resolveAlert(ports, known.id, "mended")
    } else if (known === undefined) await raise(ports, account, about)
  }
}

/** Once for the event that it has come to, also where views are too far behind to tell. */
async function raise({ ledger, clock }: LagPorts, account: SubscriptionAccount, about: AlertAbout): Promise<void> {
  const { name, lag, message, position: at } = account
  const [next] = await ledger.readAll({ after: at, limit: 1 })
  if (next === undefined) return
  const stream = `alert-${alertId(lagRule, `${about.kind} ${name}`, next.id)}` as StreamName
  if ((await ledger.revisionOf(stream)) !== noStream) return
  const why = message === null ? "" : `: ${message}`
  const title = titled(`"${name}" is ${lag} events behind, by more than ${longMs / 60_000} minutes${why}`)
  const data = { rule: lagRule, severity: "warning", title, about, cause: next.position } as const
  const metadata = { actor: "system", causationId: next.id }
  const event: NewEvent = { type: "AlertRaised", data, metadata, observedAt: clock.now() }
  await ledger.append(stream, noStream, [event], newRunId())
}
