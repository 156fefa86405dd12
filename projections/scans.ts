/** Reads that go through much. In a large fleet they are done by threads, so that they hold up nothing else; a small fleet is read faster than it is asked. */
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

/** The parts of one page ask together. */
const mostThreads = 2

/** Memory for a thread's pages, in KiB: little, as what goes through everything is seldom helped by what it read last. */
const cacheKiB = 8_192

/** @param shared whether others can read what is committed in the file */
export function scansOf(db: Db, shared: boolean): Scans {
  const statement = statementsOf(db)
  const records = db.prepare<[], number | null>("SELECT max(no) FROM records").pluck()
  const threads: { readonly thread: ReadingThread; waiting: number }[] = []
  const isLong = () => threads.length > 0 || (shared && (records.get() ?? 0) >= few)
  /** The one that fewest wait for; another one while there is none that nobody waits for. */
  const idlest = () => {
    const [first] = threads.toSorted((a, b) => a.waiting - b.waiting)
    if (first !== undefined && (first.waiting === 0 || threads.length === mostThreads)) return first
    const added = { thread: readingThread(db.name, cacheKiB), waiting: 0 }
    threads.push(added)
    return added
  }
  return {
    async all<T>(sql: string, values: object): Promise<T[]> {
      if (!isLong()) return statement<T>(sql).all(values)
      const asked = idlest()
      asked.waiting += 1
      try {
        return await asked.thread.all<T>(sql, values)
      } catch (error) {
        throw storeError(error, "the views")
      } finally {
        asked.waiting -= 1
      }
    },
    close: () => threads.forEach(({ thread }) => thread.close()),
  }
}
