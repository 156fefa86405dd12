/** The account of a run goes into its source's stream when it has something to say, so that an idle fleet leaves an hourly sign of life and no more. */
import type { EventOf } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import type { RunId, StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"

export type RunAccount = EventOf<"DiscoveryCompleted" | "DiscoveryFailed">

/** A run whose account has not changed is recorded again after this time. */
const recordRunEvery = 3_600_000

/**
 * Appends the account if the run changed something, if it says another thing than the last one, or if an hour has gone by.
 * @returns the position it was recorded at
 */
export async function recordAccount(
  ledger: Ledger,
  clock: Clock,
  account: RunAccount,
  { actor, runId }: { readonly actor: string; readonly runId: RunId },
  changed: boolean,
): Promise<Position | undefined> {
  const { source } = account.data
  const stream = `source-${source}` as StreamName
  const [last] = await ledger.readStream(stream, { limit: 1, backwards: true })
  const now = clock.now()
  const stale = last === undefined || epochMs(now) - epochMs(last.recordedAt) >= recordRunEvery
  const isAccount = last?.type === "DiscoveryCompleted" || last?.type === "DiscoveryFailed"
  if (!changed && !stale && isAccount && gist(last) === gist(account)) return undefined
  const event = { ...account, metadata: { actor, source, runId }, observedAt: now }
  const { position } = await ledger.append(stream, last?.revision ?? noStream, [event], runId)
  return position
}

/** What an account says apart from when and how much changed. */
function gist(account: RunAccount): string {
  if (account.type === "DiscoveryCompleted") return canonicalJson({ coverage: account.data.coverage })
  const { code, message } = account.data
  return canonicalJson({ code, message })
}
