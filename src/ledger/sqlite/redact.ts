/** Redacting: another payload in the place of the one that was there, of which only the hash stays that its leaf commits to. */
import type { Db } from "#sqlite/open.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { FleetError } from "#kernel/errors.js"
import type { PendingAppend } from "../already-there.js"
import { dataHash } from "../leaf.js"
import type { Appended, RedactedPayload } from "../port.js"
import type { AppendAll } from "./append.js"

export function redacter(
  db: Db,
  appendAll: AppendAll,
): (left: readonly RedactedPayload[], told: PendingAppend) => Appended {
  const stored = db.prepare<[number], { data: string; salt: Uint8Array | null; data_hash: Uint8Array | null }>(
    "SELECT data, salt, data_hash FROM events WHERE position = ?",
  )
  const replace = db.prepare<[string, Uint8Array, number]>(
    "UPDATE events SET data = ?, salt = NULL, data_hash = ? WHERE position = ?",
  )

  const redact = db.transaction((left: readonly RedactedPayload[], told: PendingAppend): Appended => {
    for (const { position, data } of left) {
      const row = stored.get(position)
      if (row === undefined) throw new FleetError("NotFound", `there is no event at position ${position}`)
      const hash = row.salt === null ? (row.data_hash as Uint8Array) : Buffer.from(dataHash(row.salt, row.data), "hex")
      replace.run(canonicalJson(data), hash, position)
    }
    const [outcome] = appendAll([told])
    if (outcome instanceof FleetError) throw outcome
    return outcome as Appended
  })

  return (left, told) => {
    const appended = redact.immediate(left, told)
    // What was taken out may still be in the log.
    db.pragma("wal_checkpoint(TRUNCATE)")
    return appended
  }
}
