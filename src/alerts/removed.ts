/**
 * Ends what is told of sources that nobody looks at any more. No event says that a source was taken out of the configuration, so no rule can. Another instance may
 * have it in its own: it is left alone as long as looks at it are heard of.
 */
import type { Intervals } from "#config/intervals.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import { position } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import type { ViewsReader } from "#projections/views.js"
import { discoveryBlind, discoveryFailing, massAbsence } from "./rules/discovery.js"
import { quietMs, sourceSilent } from "./rules/silence.js"
import { type Regular, type Times, regularly } from "./regularly.js"
import { resolveAlert } from "./resolve.js"

export interface RemovedPorts {
  readonly ledger: Ledger
  readonly views: Pick<ViewsReader, "alerts" | "runs">
  readonly clock: Clock
  /** Of the sources that are looked at. */
  readonly every: Intervals
}

/** @param failed hears of what could not be ended; it is tried again */
export function keepRemoved(ports: RemovedPorts, times: Times, failed: (error: unknown) => void): Regular {
  return regularly(() => endRemoved(ports), { afterMs: 0, everyMs: 60_000 }, times, failed)
}

export async function endRemoved(ports: RemovedPorts): Promise<void> {
  const { ledger, views, clock, every } = ports
  const { position: head } = await ledger.head()
  const rules = [sourceSilent(every), discoveryFailing, discoveryBlind, massAbsence]
  const open = (await Promise.all(rules.map(({ name }) => views.alerts.openOf(name, position(head + 1))))).flat()
  const removed = open.filter(({ about: { name } }) => name !== undefined && every(name) === undefined)
  if (removed.length === 0) return
  const since = epochMs(clock.now()) - quietMs
  const heard = (await views.runs.latest(head)).filter(({ finishedAt }) => epochMs(finishedAt) > since)
  for (const { id, about } of removed)
    if (heard.every(({ source }) => source !== about.name)) await resolveAlert(ports, id, "withdrawn")
}
