/**
 * Tells the ledger of deadlines that have passed, those too that did while nobody was there. Each is told once: a row that was told says so, and none is told while
 * whoever set it has not come to the last one that was.
 */
import type { NewEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import type { Ledger } from "#ledger/port.js"
import type { Checkpoints } from "#ops/checkpoints.js"
import type { Deadlines } from "#ops/deadlines.js"
import { handlerName } from "./handler.js"
import { type Regular, type Times, regularly } from "./regularly.js"

export interface DeadlinesPorts {
  readonly ledger: Ledger
  readonly ops: { readonly deadlines: Deadlines; readonly checkpoints: Checkpoints }
  readonly clock: Clock
}

const everyMs = 2_000
const atOnce = 500
const stream = "deadlines" as StreamName

/** @param failed hears of what could not be done; it is tried again */
export function keepDeadlines(ports: DeadlinesPorts, times: Times, failed: (error: unknown) => void): Regular {
  return regularly(() => tellDeadlines(ports), { afterMs: 0, everyMs }, times, failed)
}

/** What is due now. @returns how many there were */
export async function tellDeadlines({ ledger, ops, clock }: DeadlinesPorts): Promise<number> {
  const now = clock.now()
  const due = await ops.deadlines.due(now, atOnce)
  if (due.length === 0) return 0
  const [last] = await ledger.readStream(stream, { limit: 1, backwards: true })
  if (last !== undefined && ops.checkpoints.of(handlerName) < last.position) return 0
  const events = due.map(({ key, dueAt }): NewEvent => {
    const data = { key, dueAt }
    return { type: "DeadlinePassed", data, metadata: { actor: "system" }, observedAt: now }
  })
  await ledger.append(stream, await ledger.revisionOf(stream), events, newRunId())
  await ops.deadlines.passed(due.map(({ key }) => key))
  return due.length
}
