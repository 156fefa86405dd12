/** Resolving an alert where no event is what does: by whoever looks after it by the clock. */
import type { NewEvent } from "#events/catalog.js"
import type { Clock } from "#kernel/clock.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import type { Ledger } from "#ledger/port.js"

/** Once, also where views do not show yet that it was. */
export async function resolveAlert(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  id: string,
  how: "mended" | "withdrawn",
): Promise<void> {
  const stream = `alert-${id}` as StreamName
  const revision = await ledger.revisionOf(stream)
  const [last] = await ledger.readStream(stream, { limit: 1, backwards: true })
  if (last?.type === "AlertResolved") return
  const metadata = { actor: "system" }
  const event: NewEvent = { type: "AlertResolved", data: { how }, metadata, observedAt: clock.now() }
  await ledger.append(stream, revision, [event], newRunId())
}
