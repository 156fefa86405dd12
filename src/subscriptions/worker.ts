/** Whose turn it is to handle: every instance of a cluster has views, and one at a time acts upon the ledger. */

export interface Worker {
  /** Whether it is this instance, now. */
  readonly isWorker: () => boolean
  /** Calls back whenever that has changed. @returns what ends it */
  readonly onChange: (changed: () => void) => () => void
}

/** Where there is one process to a ledger. */
export const onlyWorker: Worker = { isWorker: () => true, onChange: () => () => {} }
