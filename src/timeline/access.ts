/** Who used what matters for who may know and change what: exports, administration, refusals, and what else only somebody with a name does to the ledger. */
import type { EventType, RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"

export const accessTypes: readonly EventType[] = [
  "DataExported",
  "AdministrationPerformed",
  "AccessDenied",
  "HostKeyTrusted",
  "PolicyAdopted",
  "SigningKeyRotated",
  "LedgerRestored",
  "DataRedacted",
  "RangeArchived",
]

export interface Access {
  readonly position: Position
  readonly recordedAt: Instant
  readonly type: string
  readonly actor: string
  /** In words. */
  readonly what: string
  readonly reason: string | null
}

/** @param event of one of `accessTypes` */
export function accessOf(event: RecordedEvent): Access {
  const { position, recordedAt, type, metadata } = event
  return { position, recordedAt, type, actor: metadata.actor, what: inWords(event), reason: metadata.reason ?? null }
}

function inWords(event: RecordedEvent): string {
  switch (event.type) {
    case "DataExported":
    case "AdministrationPerformed":
      return [event.data.operation, event.data.what].filter((part) => part !== undefined).join(" ")
    case "AccessDenied": {
      const { refused, addresses } = event.data
      const counts = Object.entries(refused).flatMap(([code, count]) => (count > 0 ? [`${count} × ${code}`] : []))
      return `refused: ${counts.join(", ")} from ${addresses.join(", ")}`
    }
    case "HostKeyTrusted":
      return `trusted ${event.data.algorithm} ${event.data.fingerprint} of ${event.data.name}`
    case "PolicyAdopted":
      return "the policy of the configuration"
    case "SigningKeyRotated":
      return "another signing key"
    case "LedgerRestored":
      return `a backup took the ledger's place: ${event.data.lost} events lost`
    case "DataRedacted":
      return `masked as ${event.data.mask} in ${event.data.positions.length} payloads`
    case "RangeArchived":
      return `positions ${event.data.first} to ${event.data.last} went into an archive`
    default:
      return ""
  }
}
