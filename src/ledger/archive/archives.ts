/**
 * Archives of a ledger: ranges of its oldest events in compressed files beside it, which every read goes through as if they were still there. What is kept
 * of a range in the ledger itself (its root, its times, which streams and types are where) is enough to seal, to append and to find a point without the file.
 */
import type { Metadata } from "#events/envelope.js"
import type { Instant } from "#kernel/clock.js"
import type { Position } from "#kernel/point.js"
import type { Watching } from "#kernel/watching.js"
import type { VerifierKey } from "../proof/note.js"
import type { Hash } from "../proof/tree.js"

export interface ArchivedRange {
  readonly first: Position
  /** Inclusive. */
  readonly last: Position
  /** When its first and its last event were recorded. */
  readonly from: Instant
  readonly to: Instant
  /** Of its leaves, as a tree of their own. */
  readonly root: Hash
  /** Where the file is, or would be. */
  readonly file: string
  readonly bytes: number
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string
  /** Whether the file is where it belongs. */
  readonly isHere: boolean
  /** The folder that it was moved to. */
  readonly movedTo: string | null
}

export interface ArchiveRequest {
  /** The last event that may go. */
  readonly upTo: Position
  /** The signed note that what goes is held against, and the key that must have signed it. */
  readonly note: string
  readonly key: VerifierKey
  readonly metadata: Metadata
}

export interface Archived {
  readonly ranges: readonly ArchivedRange[]
  readonly events: number
  /** Of the files. */
  readonly bytes: number
}

export interface Archives {
  /** Oldest first. */
  list(): Promise<readonly ArchivedRange[]>

  /**
   * Moves the oldest events into archives, in whole runs of `archiveRun`: each file is read back and proved to be what the checkpoint vouches for before an
   * event is removed, and the ledger says so (`RangeArchived`). Cancelled or interrupted, it has moved some ranges whole.
   *
   * @throws FleetError `Forbidden` on an engine without archives, `LedgerForked`, `StoreDamaged`, `StoreUnavailable`, `Cancelled`
   */
  create(request: ArchiveRequest, watching: Watching): Promise<Archived>

  /** Moves the file of the archive that begins there to a folder elsewhere. @throws FleetError `NotFound`, `InvalidInput` for where it is already, `ArchiveUnavailable`, `StoreUnavailable` */
  detach(first: Position, folder: string): Promise<ArchivedRange>

  /** Puts a copy of a file back where it belongs. @throws FleetError `InvalidInput` for one that is not what the ledger archived */
  attach(file: string): Promise<ArchivedRange>
}

/** Archives begin and end at multiples of so many events: the subtrees whose roots the ledger keeps. */
export const archiveRun = 256

/** Most events of one archive, which ends where a multiple of as many does. */
export const archiveEvents = 65_536

/** The last event of the archive that begins at `first`, if events up to `upTo` may go; less than `first` if no whole run may. */
export function lastOfArchive(first: number, upTo: number): number {
  const end = Math.min(upTo + 1, (Math.floor(first / archiveEvents) + 1) * archiveEvents)
  return Math.floor(end / archiveRun) * archiveRun - 1
}
