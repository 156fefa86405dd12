/** Which look of each collector was taken last. */
import type { Db } from "#sqlite/open.js"

export interface LastTaken {
  readonly sequence: number
  readonly sha256: string
}

export type Collected = ReturnType<typeof collected>

export function collected(db: Db) {
  const get = db.prepare<[string], LastTaken>("SELECT sequence, sha256 FROM collected WHERE collector = ?")
  const put = db.prepare<[string, number, string]>("INSERT OR REPLACE INTO collected VALUES (?, ?, ?)")
  return {
    last: async (collector: string): Promise<LastTaken | undefined> => get.get(collector),
    async keep(collector: string, { sequence, sha256 }: LastTaken): Promise<void> {
      put.run(collector, sequence, sha256)
    },
  }
}
