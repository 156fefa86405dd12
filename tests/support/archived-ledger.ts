/** A sealed ledger whose first events are in archives, as far as was asked for. */
import type { Position } from "#kernel/point.js"
import type { Archived } from "#ledger/archive/archives.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type SealedLedger, sealedLedger } from "./sealed-ledger.js"

const forever = new AbortController().signal

/** Archives up to a position of a ledger that nobody has open. */
export async function archiveIn(
  { file, key, kept }: SealedLedger,
  upTo: number,
  progress: (done: number, total: number, what: string) => void = () => {},
): Promise<Archived> {
  const ledger = openSqliteLedger(file)
  try {
    const request = { upTo: upTo as Position, note: kept.at(-1) ?? "", key, metadata: { actor: "user:alice" } }
    return await ledger.archives.create(request, { progress, signal: forever })
  } finally {
    await ledger.close()
  }
}

/** Positions 0 to 255 are in one archive, 256 to 511 in another; the rest of the 604 events is in the ledger. */
export async function archivedLedger(name?: string): Promise<SealedLedger> {
  const ledger = await sealedLedger(name)
  await archiveIn(ledger, 255)
  await archiveIn(ledger, 511)
  return ledger
}
