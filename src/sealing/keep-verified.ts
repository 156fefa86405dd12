/**
 * Verifies the ledger now and then, and says in it what was found: once for each finding, and once that it is sound again. As long as all is well nothing is written.
 */
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { newRunId } from "#kernel/ids.js"
import { steppingAside } from "#kernel/stepping-aside.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import { newestOf } from "#ledger/newest-of.js"
import { ledgerStream } from "#ledger/port.js"
import { type Signing, vouchedFor } from "#ledger/proof/vouched.js"
import { type Verdict, verify } from "#ledger/proof/verify.js"

export type VerifyingPorts = Signing & { readonly clock: Clock }

export interface VerifyingRules {
  /** Milliseconds between two; undefined: never. */
  readonly everyMs: number | undefined
  /** Whether it is this instance that verifies, now. */
  readonly isOurs: () => boolean
  readonly sleep?: Sleep
}

export interface KeptVerified {
  stop(): Promise<void>
}

/** How long after the start the first one is: whoever starts has other things to do. */
const firstMs = 60_000
/** Events that are verified at a time: about a millisecond. */
const pageSize = 25
/** How often it is said anew where somebody else wrote to the same stream meanwhile. */
const mostAttempts = 5

/** @param told hears of each verdict, and of what could not be verified; it is tried again */
export function keepVerified(
  ports: VerifyingPorts,
  { everyMs, isOurs, sleep = sleepFor }: VerifyingRules,
  told: { readonly verified: (verdict: Verdict) => void; readonly failed: (error: unknown) => void },
): KeptVerified {
  const abort = new AbortController()
  const keep = async (every: number) => {
    await sleep(Math.min(firstMs, every), abort.signal)
    while (!abort.signal.aborted) {
      try {
        if (isOurs()) told.verified(await verifyAndTell(ports, abort.signal, steppingAside(abort.signal)))
      } catch (error) {
        if (!abort.signal.aborted) told.failed(error)
      }
      await sleep(every, abort.signal)
    }
  }
  const work = everyMs === undefined ? Promise.resolve() : keep(everyMs)
  return {
    async stop() {
      abort.abort()
      await work
    },
  }
}

/**
 * @param rest is waited for after each page
 * @throws FleetError as the ledger does
 */
export async function verifyAndTell(
  ports: VerifyingPorts,
  signal: AbortSignal,
  rest: () => void | Promise<void> = () => {},
): Promise<Verdict> {
  const { ledger } = ports
  const verdict = await verify(ledger, await vouchedFor(ports), rest, signal, pageSize)
  for (let attempt = 1; ; attempt++) {
    const revision = await ledger.revisionOf(ledgerStream)
    const event = finding(await newestOf(ledger, "LedgerFaultFound", "LedgerFoundSound"), verdict)
    if (event === undefined) return verdict
    try {
      const whole = { ...event, metadata: { actor: "system" }, observedAt: ports.clock.now() } as NewEvent
      await ledger.append(ledgerStream, revision, [whole], newRunId())
      return verdict
    } catch (error) {
      const isConflict = error instanceof FleetError && error.code === "RevisionConflict"
      if (!isConflict || attempt === mostAttempts) throw error
    }
  }
}

/** What is to be said, if it was not said last. */
function finding(
  last: RecordedEvent | undefined,
  { wrong, events }: Verdict,
): Pick<NewEvent, "type" | "data"> | undefined {
  const isKnownFault = last?.type === "LedgerFaultFound"
  if (wrong === null) return isKnownFault ? { type: "LedgerFoundSound", data: { size: events } } : undefined
  const { position, message } = wrong
  if (isKnownFault && last.data.position === position && last.data.message === message) return undefined
  return { type: "LedgerFaultFound", data: { position, message } }
}
