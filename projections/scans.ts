/** Reads that go through much. In a large fleet they are done by a thread, so that they hold up nothing else; a small fleet is read faster than it is asked. */
import { type Db } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { type ReadingThread, readingThread } from "#sqlite/reading-thread.js"
import { statementsOf } from "#sqlite/statements.js"

export interface Scans {
  /** Every row of a query. @throws FleetError */
  all<T>(sql: string, values: object): Promise<T[]>
  close(): void
}

/** Fewer records than these are gone through in some ten milliseconds at most. */
const few = 10_000

/** Memory for the thread's pages, in KiB: little, as what goes through everything is seldom helped by what it read last. */
const cacheKiB = 8_192

/** @param shared whether others can read what is committed in the file */
export function scansOf(db: Db, shared: boolean): Scans {
  const statement = statementsOf(db)
  const records = db.prepare<[], number | null>("SELECT max(no) FROM records").pluck()
  let thread: ReadingThread | undefined
  const isLong = () => thread !== undefined || (shared && (records.get() ?? 0) >= few)
  return {
    async all<T>(sql: string, values: object): Promise<T[]> {
      if (!isLong()) return statement<T>(sql).all(values)
      thread ??= readingThread(db.name, cacheKiB)
      try {
        return await thread.all<T>(sql, values)
      } catch (error) {
        throw storeError(error, "the views")
      }
    },
    close: () => thread?.close(),
  }
}
