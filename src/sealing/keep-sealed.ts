/**
 * Seals the ledger as it grows: after so many events, or so long after the first that is not sealed. What only says that a look found nothing new can wait
 * longer: an idle fleet would otherwise write mostly checkpoints. And once more at the end, so that what a process leaves behind is sealed.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { messageOf } from "#kernel/errors.js"
import { longestTimerMs } from "#kernel/sleep.js"
import type { Ledger } from "#ledger/port.js"
import type { SealedCheckpoint, Sealer } from "#ledger/proof/seal.js"

export interface SealingRules {
  readonly events: number
  readonly everyMs: number
  /** For accounts of looks that changed nothing. */
  readonly idleMs: number
  /** Whether it is this instance that seals, now: of several, one does. */
  readonly isOurs: () => boolean
}

export interface Sealing {
  /** Why the last attempt failed, if it did. */
  readonly problem: () => string | undefined
  readonly now: () => Promise<SealedCheckpoint>
  /** Seals what is not sealed yet, and ends. Never throws: whoever is told hears of it. */
  readonly stop: () => Promise<void>
}

/** @param failed hears of a checkpoint that could not be made, or not be kept where it is to be kept; it is tried again */
export async function keepSealed(
  ledger: Ledger,
  sealer: Sealer,
  rules: SealingRules,
  failed: (error: unknown) => void,
): Promise<Sealing> {
  const abort = new AbortController()
  let [unsealed, due] = [0, Number.POSITIVE_INFINITY]
  let timer: NodeJS.Timeout | undefined
  let problem: string | undefined

  const now = async (): Promise<SealedCheckpoint> => {
    const checkpoint = await sealer.seal()
    problem = undefined
    return checkpoint
  }
  const attempt = async (): Promise<void> => {
    clearTimeout(timer)
    ;[unsealed, due] = [0, Number.POSITIVE_INFINITY]
    // It may be ours by then, if whose it is now has left it.
    if (!rules.isOurs()) return wake(rules.everyMs)
    try {
      if (await sealer.isDue()) await now()
    } catch (error) {
      problem = messageOf(error)
      failed(error)
      wake(rules.everyMs)
    }
  }
  const note = async (batch: readonly RecordedEvent[]): Promise<void> => {
    const others = batch.filter(({ type }) => type !== "LedgerCheckpointed")
    if (others.length === 0) return
    unsealed += others.length
    const wait = others.every(isIdle) ? rules.idleMs : rules.everyMs
    if (unsealed >= rules.events) return attempt()
    if (Date.now() + wait < due) wake(wait)
  }
  const wake = (asked: number): void => {
    const wait = Math.min(asked, longestTimerMs)
    clearTimeout(timer)
    due = Date.now() + wait
    timer = setTimeout(() => void attempt(), wait)
    timer.unref()
  }

  const { position: start } = await ledger.head()
  // What an earlier process left unsealed is due like what comes now.
  if (await sealer.isDue()) {
    const [last] = await ledger.readAt([start])
    wake(last !== undefined && isIdle(last) ? rules.idleMs : rules.everyMs)
  }
  const follow = async () => {
    for await (const batch of ledger.subscribe(start, abort.signal)) await note(batch)
  }
  const following = follow().catch(failed)

  return {
    problem: () => problem,
    now,
    async stop() {
      abort.abort()
      await following
      if (rules.isOurs()) await attempt()
      clearTimeout(timer)
    },
  }
}

/** Also an alert about a handler: if it is a checkpoint that could not be passed on, the next one would bring about the next alert. */
function isIdle(event: RecordedEvent): boolean {
  if (event.type === "AlertRaised") return event.data.about.kind === "subscription"
  return event.type === "DiscoveryCompleted" || event.type === "DiscoveryFailed"
}
