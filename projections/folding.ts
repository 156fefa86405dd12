/** Projections at work on one file, each seeing an event after those before it. */
import type { RecordedEvent } from "#events/catalog.js"
import type { Db } from "#sqlite/open.js"
import { recordNumbers } from "./inventory/record-numbers.js"
import type { Projection } from "./projection.js"

export interface Folding {
  readonly project: (event: RecordedEvent) => void
  /** Writes what was put off: to be called in the transaction of the events that were projected. */
  readonly settle: () => void
}

/** To be thrown away with what it remembers when a transaction is rolled back. */
export function foldingBy(projections: readonly Projection[], db: Db): Folding {
  const numbers = recordNumbers(db)
  const writes: (() => void)[] = []
  const projectors = projections.map(({ projector }) => projector(db, numbers, (write) => writes.push(write)))
  return {
    project: (event) => {
      for (const project of projectors) project(event)
    },
    settle: () => {
      for (const write of writes) write()
    },
  }
}
