/** What a projection is: tables of its own in the views' file, and how an event changes them. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { RecordNumbers } from "./inventory/record-numbers.js"

export interface Projection {
  readonly name: string
  /** Raised whenever tables or meaning change: views of another version are thrown away and built again. */
  readonly version: number
  readonly tables: string
  /** What only readers go by: made when a rebuild has filled the tables, at a fraction of what keeping it all the while takes. */
  readonly indices?: string
  /** Prepares its statements on a file that has its tables; what comes back is called with every event, in order. All projections share `numbers`. */
  readonly projector: (db: Db, numbers: RecordNumbers) => (event: RecordedEvent) => void
}
