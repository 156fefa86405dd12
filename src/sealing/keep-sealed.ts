/**
 * Seals the ledger as it grows: after so many events, or so long after the first that is not sealed. What only says that a look found nothing new can wait
 * longer: an idle fleet would otherwise write mostly checkpoints. And once more at the end, so that what a process leaves behind is sealed.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { messageOf } from "#kernel/errors.js"
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

/** Who is told. */
export interface Told {
  readonly sealed: (checkpoint: SealedCheckpoint) => void
  readonly failed: (error: unknown) => void
}

export interface Sealing {
  /** Why the last attempt failed, if it did. */
  readonly problem: () => string | undefined
  readonly now: () => Promise<SealedCheckpoint>
  /** Seals what is not sealed yet, and ends. Never throws: whoever is told hears of it. */
  readonly stop: () => Promise<void>
}

export async function keepSealed(ledger: Ledger, sealer: Sealer, rules: SealingRules, told: Told): Promise<Sealing> {
  const abort = new AbortController()
  let [unsealed, due] = [0, Number.POSITIVE_INFINITY]
  let timer: NodeJS.Timeout | undefined
  let problem: string | undefined

  const now = async (): Promise<SealedCheckpoint> => {
    const isNew = await sealer.isDue()
    const checkpoint = await sealer.seal()
    problem = undefined
    if (isNew) told.sealed(checkpoint)
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
      told.failed(error)
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
  const wake = (wait: number): void => {
    clearTimeout(timer)
    due = Date.now() + wait
    timer = setTimeout(() => void attempt(), wait)
    timer.unref()
  }

  const { position } = await ledger.head()
  // What an earlier process left unsealed is due like what comes now.
  if (await sealer.isDue()) {
    const [last] = await ledger.readAt([position])
    wake(last !== undefined && isIdle(last) ? rules.idleMs : rules.everyMs)
  }
  const follow = async () => {
    for await (const batch of ledger.subscribe(position, abort.signal)) await note(batch)
  }
  const following = follow().catch((error: unknown) => told.failed(error))

  return {
    problem: () => problem,
    now,
    async stop() {
      abort.abort()
      await following
      clearTimeout(timer)
      if (rules.isOurs()) await attempt()
    },
  }
}

function isIdle({ type }: RecordedEvent): boolean {
  return type === "DiscoveryCompleted" || type === "DiscoveryFailed"
}
