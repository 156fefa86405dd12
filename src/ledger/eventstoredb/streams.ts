/** How the streams of this ledger are called in the cluster, where others have streams, too. */
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"

/**
 * A word and a dot: so no prefix is the beginning of another. Without dashes, as EventStoreDB takes what is in front of the first one for the stream's
 * category: `fleet_ledger.target`.
 */
const prefixForm = /^[A-Za-z0-9_]+\.$/
export const defaultPrefix = "fleet_ledger."

const metadataOf = "$$"

export class StreamNames {
  readonly prefix: string
  /** Who works is agreed upon here; not part of the ledger. */
  readonly lease: string
  /** What the names of all these streams, and of their metadata, begin with. */
  readonly prefixes: readonly string[]

  /** @throws FleetError `InvalidConfig` */
  constructor(prefix: string) {
    if (!prefixForm.test(prefix)) {
      const rule = "it is letters, digits and underscores, and a dot at the end"
      throw new FleetError("InvalidConfig", `"${prefix}" cannot be the prefix of streams in EventStoreDB: ${rule}`)
    }
    this.prefix = prefix
    this.lease = `${prefix}lease`
    this.prefixes = [prefix, metadataOf + prefix]
  }

  inCluster(stream: StreamName): string {
    return this.prefix + stream
  }

  inLedger(stream: string): StreamName {
    return stream.slice(this.prefix.length) as StreamName
  }

  /** The stream whose metadata are in this one. */
  describedBy(stream: string): string | undefined {
    return stream.startsWith(metadataOf) ? stream.slice(metadataOf.length) : undefined
  }
}
