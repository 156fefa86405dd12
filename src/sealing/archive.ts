/**
 * What goes into archives, and when: only what is sealed, and what everybody who follows the ledger has passed, so that who starts again from where it was finds
 * that here. By rules, once in a while, as soon as it is worth a file.
 */
import type { Metadata } from "#events/envelope.js"
import { type Clock, epochMs, instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Watching } from "#kernel/watching.js"
import type { Archived } from "#ledger/archive/archives.js"
import type { Ledger } from "#ledger/port.js"
import type { Sealer } from "#ledger/proof/seal.js"
import type { Sealing } from "./keep-sealed.js"

export type Archive = (upTo: Position, metadata: Metadata, watching: Watching) => Promise<Archived>

/** @param passed the last position that all who follow have passed */
export function archiver(ledger: Ledger, sealer: Sealer, sealing: Sealing, passed: () => Promise<Position>): Archive {
  return async (upTo, metadata, watching) => {
    const { note } = await sealing.now()
    const last = Math.min(upTo, await passed()) as Position
    return ledger.archives.create({ upTo: last, note, key: await sealer.signer(), metadata }, watching)
  }
}

export interface ArchivingRules {
  /** How old an event is when it goes; `undefined` for never. */
  readonly afterMs: number | undefined
  /** Fewer are not worth a file. */
  readonly leastEvents: number
  /** Whether it is this instance that does it, now. */
  readonly isOurs: () => boolean
}

export interface KeepingArchived {
  /** Ends; what is being archived is left where it can go on. */
  stop(): Promise<void>
}

const everyMs = 3_600_000
/** A process that has just started has other things to do. */
const firstMs = 60_000

/** Archives what is old enough, once an hour. @param told hears of what was archived, or of why it could not be */
export function keepArchived(
  { ledger, clock, archive }: { readonly ledger: Ledger; readonly clock: Clock; readonly archive: Archive },
  rules: ArchivingRules,
  told: { readonly archived: (archived: Archived) => void; readonly failed: (error: unknown) => void },
): KeepingArchived {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> = Promise.resolve()
  const attempt = async () => {
    try {
      const archived = await archiveDue({ ledger, clock, archive }, rules, abort.signal)
      if (archived !== undefined) told.archived(archived)
    } catch (error) {
      if (!abort.signal.aborted) told.failed(error)
    }
    wake(everyMs)
  }
  const wake = (wait: number) => {
    if (abort.signal.aborted || rules.afterMs === undefined) return
    timer = setTimeout(() => {
      working = attempt()
    }, wait)
    timer.unref()
  }
  wake(firstMs)
  return {
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await working
    },
  }
}

/** @returns undefined if nothing is due */
export async function archiveDue(
  { ledger, clock, archive }: { readonly ledger: Ledger; readonly clock: Clock; readonly archive: Archive },
  { afterMs, leastEvents, isOurs }: ArchivingRules,
  signal: AbortSignal,
): Promise<Archived | undefined> {
  if (afterMs === undefined || !isOurs()) return undefined
  const upTo = await ledger.positionAt(instant(Math.max(0, epochMs(clock.now()) - afterMs)))
  const watermark = (await ledger.archives.list()).at(-1)?.last ?? -1
  if (upTo - watermark < leastEvents) return undefined
  return archive(upTo, { actor: "system", reason: "retention" }, { progress: () => {}, signal })
}
