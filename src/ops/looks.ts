/** When each source was last looked at. The ledger records a run only when its account changes; this is for who asks now. */
import type { Instant } from "#kernel/clock.js"
import type { Db } from "#sqlite/open.js"

export interface LastLook {
  readonly source: string
  readonly finishedAt: Instant
  readonly outcome: "completed" | "failed"
}

export type Looks = ReturnType<typeof looks>

export function looks(db: Db) {
  const put = db.prepare<[string, string, string]>("INSERT OR REPLACE INTO looks VALUES (?, ?, ?)")
  const all = db.prepare<[], LastLook>("SELECT source, finished_at AS finishedAt, outcome FROM looks ORDER BY source")
  return {
    async finished({ source, finishedAt, outcome }: LastLook): Promise<void> {
      put.run(source, finishedAt, outcome)
    },
    async all(): Promise<readonly LastLook[]> {
      return all.all()
    },
  }
}
