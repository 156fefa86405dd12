/** What the ledger said last of itself. Its own stream is short: reading everything by type goes through everything. */
import type { RecordedEvent } from "#events/catalog.js"
import { type Ledger, ledgerStream } from "./port.js"

const pageSize = 100

/** The newest event of these types on the ledger's own stream. @throws FleetError `ArchiveUnavailable` where it may be in an archive that is not there */
export async function newestOf<T extends RecordedEvent["type"]>(
  ledger: Ledger,
  ...types: readonly T[]
): Promise<Extract<RecordedEvent, { type: T }> | undefined> {
  const isWanted = (event: RecordedEvent): event is Extract<RecordedEvent, { type: T }> =>
    types.some((type) => type === event.type)
  for (let from = await ledger.revisionOf(ledgerStream); from >= 0; from -= pageSize) {
    const page = await ledger.readStream(ledgerStream, { from, limit: pageSize, backwards: true })
    const found = page.find(isWanted)
    if (found !== undefined) return found
  }
  return undefined
}
