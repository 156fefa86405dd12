/**
 * Seals the ledger as it grows: after so many events, or so long after the first that is not sealed. What only says that a look found nothing new can wait
 * longer: an idle fleet would otherwise write mostly checkpoints. And once more at the end, so that what a process leaves behind is sealed.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { messageOf } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
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

/** Checkpoints that were made while following ended; there is hardly ever one. */
const lateAtMost = 1_000

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

  const { position: start } = await ledger.head()
  let followed = start
  /** Of checkpoints that were told of before the ledger had them read. */
  const early = new Set<Position>()
  const tell = (checkpoint: SealedCheckpoint): void => {
    if (checkpoint.position <= followed || early.has(checkpoint.position)) return
    early.add(checkpoint.position)
    told.sealed(checkpoint)
  }

  let making: Promise<unknown> = Promise.resolve()
  const make = async (): Promise<SealedCheckpoint> => {
    const checkpoint = await sealer.seal()
    problem = undefined
    tell(checkpoint)
    return checkpoint
  }
  const now = (): Promise<SealedCheckpoint> => {
    const checkpoint = make()
    making = checkpoint.catch(() => undefined)
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
      failed(error)
      wake(rules.everyMs)
    }
  }
  const failed = (error: unknown): void => {
    problem = messageOf(error)
    told.failed(error)
  }
  /** Tells of checkpoints that were not made here, as the first of a new key. */
  const hear = (batch: readonly RecordedEvent[]): void => {
    try {
      for (const event of batch) {
        if (event.type === "LedgerCheckpointed" && rules.isOurs()) tell({ ...event.data, position: event.position })
      }
    } catch (error) {
      failed(error)
    }
    followed = batch.at(-1)?.position ?? followed
    for (const position of early) if (position <= followed) early.delete(position)
  }
  /** What following had no time for. */
  const hearLast = async (): Promise<void> => {
    try {
      hear(await ledger.readAll({ after: followed, types: ["LedgerCheckpointed"], limit: lateAtMost }))
    } catch (error) {
      failed(error)
    }
  }
  const note = async (batch: readonly RecordedEvent[]): Promise<void> => {
    // Whoever makes a checkpoint tells of it, and hears whether it could be kept.
    await making
    hear(batch)
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

  // What an earlier process left unsealed is due like what comes now.
  if (await sealer.isDue()) {
    const [last] = await ledger.readAt([start])
    wake(last !== undefined && isIdle(last) ? rules.idleMs : rules.everyMs)
  }
  const follow = async () => {
    for await (const batch of ledger.subscribe(start, abort.signal)) await note(batch)
  }
  const following = follow().catch((error: unknown) => told.failed(error))

  return {
    problem: () => problem,
    now,
    async stop() {
      abort.abort()
      await following
      if (rules.isOurs()) {
        await attempt()
        await hearLast()
      }
      clearTimeout(timer)
    },
  }
}

/** Also an alert about a handler: if it is a checkpoint that could not be passed on, the next one would bring about the next alert. */
function isIdle(event: RecordedEvent): boolean {
  if (event.type === "AlertRaised") return event.data.about.kind === "subscription"
  return event.type === "DiscoveryCompleted" || event.type === "DiscoveryFailed"
}
