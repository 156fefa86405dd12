/** Appending what was decided by reading the views: at the revision that they showed, or not at all. */
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Ledger, noStream } from "./port.js"

/**
 * The revision of a stream at a position that was read up to, provided that nothing came since.
 * @throws FleetError `RevisionConflict`
 */
export async function revisionDecidedUpon(ledger: Ledger, stream: StreamName, at: Position): Promise<number> {
  const [last] = await ledger.readStream(stream, { limit: 1, backwards: true })
  if (last === undefined) return noStream
  if (last.position <= at) return last.revision
  throw new FleetError("RevisionConflict", `somebody else wrote to ${stream} meanwhile; look again`)
}
