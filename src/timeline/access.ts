/** Who used what matters for who may know and change what: exports, administration, refusals, and what else only somebody with a name does to the ledger. */
import type { EventData, EventType, RecordedEvent } from "#events/catalog.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"

/** What each kind of it says. */
const words = {
  DataExported: used,
  AdministrationPerformed: used,
  AccessDenied: ({ refused, addresses }) => {
    const counts = Object.entries(refused).flatMap(([code, count]) => (count > 0 ? [`${count} × ${code}`] : []))
    return `refused: ${counts.join(", ")} from ${addresses.join(", ")}`
  },
  HostKeyTrusted: ({ algorithm, fingerprint, name }) => `trusted ${algorithm} ${fingerprint} of ${name}`,
  PolicyAdopted: () => "the policy of the configuration",
  SigningKeyRotated: () => "another signing key",
  LedgerRestored: ({ lost }) => `a backup took the ledger's place: ${lost} events lost`,
  DataRedacted: ({ mask, positions }) => `masked as ${mask} in ${positions.length} payloads`,
  RangeArchived: ({ first, last }) => `positions ${first} to ${last} went into an archive`,
} satisfies { readonly [T in EventType]?: (data: EventData<T>) => string }

export const accessTypes: readonly EventType[] = Object.keys(words) as (keyof typeof words)[]

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
  const { position, recordedAt, type, data, metadata } = event
  const told = words[type as keyof typeof words] as (data: unknown) => string
  return { position, recordedAt, type, actor: metadata.actor, what: told(data), reason: metadata.reason ?? null }
}

function used({ operation, what }: EventData<"DataExported">): string {
  return what === undefined ? operation : `${operation} ${what}`
}
