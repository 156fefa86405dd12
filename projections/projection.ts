/** What a projection is: tables of its own in the views' file, and how an event changes them. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import type { RecordNumbers } from "./inventory/record-numbers.js"

export interface Projection {
  readonly name: string
  /** Raised whenever tables or meaning change: views of another version are thrown away and built again. */
  readonly version: number
  readonly tables: string
  /** Indices that only readers go by, and what each is on: a rebuild makes them when it has filled the tables, at a fraction of what keeping them all the while takes. */
  readonly indices?: Readonly<Record<string, string>>
  /** Prepares its statements on a file that has its tables; what comes back is called with every event, in order. All projections share `numbers`. */
  readonly projector: (db: Db, numbers: RecordNumbers, later: Later) => (event: RecordedEvent) => void
}

/** Takes what writes the rows that were put off: it is called when events that are folded together have been, and until then nobody reads those. */
export type Later = (write: () => void) => void
