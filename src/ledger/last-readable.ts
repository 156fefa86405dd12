/** The last event of a stream, as far as it can be read here. */
import type { RecordedEvent } from "#events/catalog.js"
import type { StreamName } from "#kernel/ids.js"
import { ifThere } from "./if-there.js"
import type { Ledger } from "./port.js"

/** Undefined also where it is in an archive that is not there. */
export async function lastReadable(ledger: Ledger, stream: StreamName): Promise<RecordedEvent | undefined> {
  return (await ifThere(() => ledger.readStream(stream, { limit: 1, backwards: true })))?.[0]
}
