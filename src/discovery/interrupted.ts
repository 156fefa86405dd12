/** Looks that were cut off: by whoever asked, by a stop, or by the end of the process, of which the next one tells. */
import type { Clock, Instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Ledger } from "#ledger/port.js"
import type { Ops } from "#ops/ops.js"
import { type RunAccount, recordAccount } from "./account.js"

/** What was appended before stands; what else was seen is found again by the next look. */
export function interrupted(source: string, startedAt: Instant): RunAccount {
  const message = "the look was cut off before its end"
  return { type: "DiscoveryFailed", data: { source, startedAt, code: "Interrupted", message } }
}

/** Records the looks that an earlier process began and did not end. What cannot be recorded now is told at the next start. */
export async function recordInterrupted(ledger: Ledger, { looks }: Ops, clock: Clock): Promise<void> {
  for (const { source, startedAt, actor, runId } of await looks.underWay()) {
    try {
      await recordAccount(ledger, clock, interrupted(source, startedAt), { actor, runId }, false)
      await looks.ended(source)
    } catch (error) {
      if (!(error instanceof FleetError && error.retryable)) throw error
    }
  }
}
